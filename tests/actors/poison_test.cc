// Under AddressSanitizer, memory that a pool keeps is as good as freed: each access is reported.

#include "troupe/base/poison.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/envelopes/envelope_pool.h"
#include "troupe/actors/memory/block_pool.h"
#include "troupe/actors/reply.h"
#include "troupe/loop/slab_memory.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

class PoisonDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kPoisons) GTEST_SKIP() << "only AddressSanitizer sees it";
  }

  static char Read(const volatile void* place) { return *static_cast<const volatile char*>(place); }

  SlabMemory memory_{SlabMemory::Pages::kSmall};
};

TEST_F(PoisonDeathTest, MemoryOfASlabThatWasNotGivenOut) {
  const char* const given = static_cast<char*>(memory_.Allocate(64, 8));
  EXPECT_EQ(Read(given), Read(given));
  EXPECT_DEATH(Read(given + 64), "use-after-poison");
}

TEST_F(PoisonDeathTest, ABlockThatWasFreed) {
  internal::BlockPool blocks(memory_);
  for (const size_t bytes : {24, 500, 4000}) {
    char* const block = static_cast<char*>(blocks.Allocate(bytes));
    block[bytes - 1] = 1;
    blocks.Free(block, internal::BlockPool::ClassOf(bytes));
    EXPECT_DEATH(Read(block), "use-after-poison");
    EXPECT_DEATH(Read(block + bytes - 1), "use-after-poison");
    char* const again = static_cast<char*>(blocks.Allocate(bytes));
    EXPECT_EQ(again, block);
    EXPECT_EQ(Read(again + bytes - 1), 1);
  }
}

TEST_F(PoisonDeathTest, ABlockThatWasNotGivenOut) {
  internal::BlockPool blocks(memory_);
  const char* const block = static_cast<char*>(blocks.Allocate(64));
  EXPECT_DEATH(Read(block + 64), "use-after-poison");
}

TEST_F(PoisonDeathTest, AnEnvelopeThatWasFreed) {
  internal::EnvelopePool envelopes(0, memory_);
  envelopes.Refill();
  internal::Envelope* const envelope = envelopes.Allocate();
  envelope->flags = 0;
  envelopes.Free(envelope);
  EXPECT_DEATH(Read(&envelope->flags), "use-after-poison");
  EXPECT_EQ(envelopes.Allocate(), envelope);
  EXPECT_EQ(Read(&envelope->flags), 0);
}

Reply<void> SleepsLong(Context& cx) {
  co_await cx.Sleep(absl::Hours(1));
  co_return absl::OkStatus();
}

TEST_F(PoisonDeathTest, ACoroutineThatWasDestroyed) {
  Stage stage(1);
  Perform(stage.Spawn(0, Script{}), [](ProbeActor&, Context& cx) {
    Reply<void> sleeps = SleepsLong(cx);
    Reply<void>::promise_type& promise = sleeps.Detach();
    EXPECT_NE(promise.activation(), nullptr);
    promise.handle().destroy();
    EXPECT_DEATH(Read(&promise), "use-after-poison");
  });
}

}  // namespace
}  // namespace troupe::test
