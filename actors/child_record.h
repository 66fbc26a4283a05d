#ifndef TROUPE_ACTORS_CHILD_RECORD_H_
#define TROUPE_ACTORS_CHILD_RECORD_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/actors/event_record.h"
#include "troupe/loop/child_process.h"

namespace troupe::internal {

// One actor's child process. It goes when the actor does.
//
// Bounds: one message of standard output and one of standard error wait for the actor, and what
//         was in the pipes when the child ended.
class ChildRecord final : public EventRecord, private ChildHandler {
 public:
  ChildRecord(const MessageType* output, const MessageType* exited)
      : output_(output), exited_(exited) {}

  absl::Status Begin(const ChildOptions& options);
  ChildProcess* process() { return process_.get(); }

  // The record ends with ChildExited: the last event.
  bool BeforeHandler(Envelope& envelope) override;
  void AfterHandler() override;

 private:
  void OnChildOutput(bool is_stderr, std::string_view bytes) override;
  void OnChildExited(const ChildStatus& status) override;

  const MessageType* const output_;
  const MessageType* const exited_;
  int pid_ = 0;
  bool handling_stderr_ = false;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CHILD_RECORD_H_
