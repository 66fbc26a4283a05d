#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>

#include "troupe/loop/child_place.h"
#include "troupe/loop/core_pin.h"
#include "troupe/loop/epoll_poller.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_child.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/loop/posix_event.h"
#include "troupe/loop/posix_listener.h"
#include "troupe/loop/posix_random.h"
#include "troupe/loop/posix_signals.h"
#include "troupe/loop/posix_stream.h"
#include "troupe/loop/posix_thread.h"
#include "troupe/loop/posix_workers.h"

namespace troupe {
namespace {

// Every poller that a PosixPlatform is handed is one that it made.
PosixPoller& Own(Poller& poller) { return static_cast<PosixPoller&>(poller); }

class PosixPlatform final : public Platform {
 public:
  Clock& clock() override { return clock_; }

  uint64_t RandomSeed() override { return RandomSeedOf(clock_.Now()); }

  int usable_cores() override { return UsableCores(); }
  bool cores_pinned() override { return AnyCorePinned(); }
  void EndProcess(int exit_code) override { std::_Exit(exit_code); }
  bool simulated() const override { return false; }

  absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) override {
    return EpollPoller::Make(limits.watches_per_shard_max);
  }

  absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                      LoopTask* task) override {
    return PosixExecutor::Start(std::move(options), task, [this] { signals_.MaskThisThread(); });
  }

  absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                              int queue_max) override {
    return PosixWorkers::Start(name, threads, queue_max);
  }

  std::unique_ptr<Event> MakeEvent() override { return std::make_unique<PosixEvent>(); }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                   const SocketAddress& address,
                                                   int accepts_per_turn_max,
                                                   ListenerHandler* handler) override {
    return PosixListener::Make(poller, timers, clock_, address, accepts_per_turn_max, handler);
  }

  std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                      const ByteStreamOptions& options,
                                      ByteStreamHandler* handler) override {
    return PosixStream::Connect(Own(poller), address, options, handler);
  }

  std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                    const ByteStreamOptions& options,
                                    ByteStreamHandler* handler) override {
    auto& accepted = static_cast<PosixPendingStream&>(*pending);
    return PosixStream::Adopt(Own(poller), accepted.TakeFd(), accepted.peer_address(), options,
                              handler);
  }

  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                           const ChildOptions& options,
                                                           const Limits& limits,
                                                           ChildHandler* handler) override {
    return PosixChild::Spawn(Own(poller), options, limits, children_count_, handler);
  }

  void MaskSignals(const std::vector<int>& signals) override { signals_.Mask(signals); }

  absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(Poller& poller,
                                                             const std::vector<int>& signals,
                                                             SignalHandler* handler) override {
    return signals_.Catch(Own(poller), signals, handler);
  }

 private:
  PosixClock clock_;
  PosixSignals signals_;
  const ChildCount children_count_ = std::make_shared<std::atomic<uint32_t>>(0);
};

}  // namespace

std::unique_ptr<Platform> MakePosixPlatform() { return std::make_unique<PosixPlatform>(); }

}  // namespace troupe
