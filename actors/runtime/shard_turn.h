#ifndef TROUPE_ACTORS_RUNTIME_SHARD_TURN_H_
#define TROUPE_ACTORS_RUNTIME_SHARD_TURN_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "troupe/actors/runtime/worker_pool.h"
#include "troupe/loop/loop.h"
#include "troupe/loop/platform.h"

namespace troupe {

struct SystemGauges;

namespace internal {

class Shard;
struct Cell;
struct Envelope;

// What a shard does in the phases of its loop's turn, and when it may leave.
//
// Thread: the shard's, but for TakeBack().
class ShardTurn final : public LoopTask, public LoopClient {
 public:
  explicit ShardTurn(Shard& shard) : shard_(shard) {}
  ShardTurn(const ShardTurn&) = delete;
  ShardTurn& operator=(const ShardTurn&) = delete;

  bool RunTurn(bool may_block) override;
  void DrainInbound() override;
  size_t RunReady() override;
  void FlushOutbound() override;
  void EndTurn() override;
  bool HasRunnable() const override;
  bool InboundPending() const override;
  bool Finished() override;

  // A worker has finished `work`. Thread: any.
  void TakeBack(ShardWork* work);

  // A turn without timers and I/O, on another thread after all shards have left: what came too late
  // has its outcome. False when nothing is left to do.
  bool RunLast();

  // Tell the trace; called only if there is one.
  void TraceMessage(const Cell& cell, const Envelope& envelope);
  void TraceEnd(const Cell& cell);

  // Adds to `sum` what the shard has, of its actors those of some slots from `from` on. Returns the
  // slot to go on with, or 0 once all were seen.
  uint32_t AddGauges(uint32_t from, SystemGauges& sum);

  void set_loop(std::unique_ptr<Loop> loop) { loop_ = std::move(loop); }
  Loop* loop() { return loop_.get(); }

 private:
  // Something waits from or for other shards, or from workers.
  bool ShardsPending() const;
  void TakeCompletions();
  // Begins what Runtime::end() says is due.
  void FollowEnd();

  Shard& shard_;
  std::unique_ptr<Loop> loop_;
  CompletionStack completions_;  // Other threads.
  bool more_ = false;            // The last turn left actors that are runnable.
  bool said_empty_ = false;
  bool said_quiet_ = false;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_RUNTIME_SHARD_TURN_H_
