// The sleep and wake-up protocol of loop/waker.h: no publication is lost.
//
//   spin -a sleep_wake.pml && cc -DSAFETY -o pan pan.c && ./pan
//
// Publishers put work where the shard looks and then publish; the shard looks for work, and
// sleeps when it finds none. The property is the absence of deadlock: if a wake-up can be lost,
// some run ends with the shard asleep and work left, which the verifier reports as an invalid end
// state.
//
// A plain store goes into its processor's store buffer first and becomes visible at any later
// moment, as on x86; a read-modify-write empties the buffer. Nothing weaker needs to be modelled:
// the release and acquire orders of the read-modify-writes are what forbids it.
//
// Two ways to get it wrong can be compiled in; tests/ runs them to see that they are found:
//   -DBROKEN_PLAIN   both sides use plain loads and stores.
//   -DBROKEN_SKIP    a publisher that reads kPublished leaves the read-modify-write out.

#define PUBLISHERS 2
#define ITEMS 2           // That each publisher puts.
#define SPURIOUS_MAX 2    // Times that the poller returns for another reason.

mtype = { kAwake, kPublished, kAsleep };

mtype state = kAwake;     // Waker::state_.
bool wake = false;        // The poller's eventfd.

byte visible[PUBLISHERS];   // Items in each publisher's ring, as the shard sees them.
byte buffered[PUBLISHERS];  // Items in its store buffer.

inline Drain(me) {
  visible[me] = visible[me] + buffered[me];
  buffered[me] = 0
}

// Each store buffer empties by itself at some time, or never before it must.
proctype StoreBuffer(byte me) {
end:
  do
  :: atomic { buffered[me] > 0 -> Drain(me) }
  od
}

proctype Publisher(byte me) {
  byte items = 0;
  mtype seen;
  do
  :: items < ITEMS ->
    buffered[me]++;  // SpscRing::Push: a plain store, of release order.
    items++;
#ifdef BROKEN_PLAIN
    seen = state;
#else
#ifdef BROKEN_SKIP
    seen = state;
    if
    :: seen == kPublished -> goto published
    :: else
    fi;
#endif
    d_step {  // Waker::Publish: the exchange.
      Drain(me);
      seen = state;
      state = kPublished
    };
#endif
    if
    :: seen == kAsleep -> wake = true  // Poller::Wake: an eventfd, so it is remembered.
    :: else
    fi;
published:
    skip
  :: else -> break
  od
}

proctype Shard() {
  byte taken = 0;
  byte found;
  byte spurious = 0;
  byte i;
  do
  :: taken == PUBLISHERS * ITEMS -> break
  :: else ->
    // Looks at one ring after the other, so that a publisher can come between.
    found = 0;
    i = 0;
    do
    :: i < PUBLISHERS ->
      d_step {
        found = found + visible[i];
        visible[i] = 0
      };
      i++
    :: else -> break
    od;
    taken = taken + found;
    if
    :: found > 0
    :: else ->
      // Waker::PrepareSleep.
#ifdef BROKEN_PLAIN
      state = kAsleep;
#else
      if
      :: d_step { state == kAwake -> state = kAsleep }
      :: d_step { state == kPublished -> state = kAwake };
        goto look_again
      fi;
#endif
      // Poller::Poll.
      if
      :: d_step { wake -> wake = false }
      :: spurious < SPURIOUS_MAX -> spurious++
      fi;
      state = kAwake  // Waker::Awake: the exchange.
    fi;
look_again:
    skip
  od
}

init {
  byte p = 0;
  atomic {
    run Shard();
    do
    :: p < PUBLISHERS ->
      run Publisher(p);
      run StoreBuffer(p);
      p++
    :: else -> break
    od
  }
}
