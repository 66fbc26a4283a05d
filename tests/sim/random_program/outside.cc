#include "tests/sim/random_program/outside.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"
#include "troupe/sim/sim_process.h"
#include "troupe/sim/sim_streaming_program.h"

namespace troupe {
namespace {

class CopierProgram final : public SimStreamingProgram {
  void OnInput(SimProcess& process, std::string_view bytes) override {
    bytes_ += bytes.size();
    process.Write(bytes);
  }
  void OnInputEnd(SimProcess& process) override { process.Exit(Copiers::ExitCodeFor(bytes_)); }

  size_t bytes_ = 0;
};

}  // namespace

std::pair<int, uint64_t> Feeds::Open(uint64_t reader, std::string bytes) {
  std::unique_ptr<SimSocket> socket = run_.simulation().MakeSocket();
  const int fd = socket->program_end();
  run_.Expect(socket->Write(bytes) == bytes.size(), "a socket without room");
  socket->Close();
  feeds_.push_back({.reader = reader, .rest = std::move(bytes), .socket = std::move(socket)});
  return {fd, feeds_.size() - 1};
}

void Feeds::Read(uint64_t number, std::string_view bytes) {
  Feed& feed = feeds_[number];
  if (!absl::StartsWith(feed.rest, AbslView(bytes))) {
    return run_.Wrong(absl::StrCat("socket ", number, " has other bytes than were sent"));
  }
  feed.rest.erase(0, bytes.size());
}

void Feeds::Ended(uint64_t number) {
  const size_t missing = feeds_[number].rest.size();
  run_.Expect(missing == 0, absl::StrCat("socket ", number, " ends ", missing, " bytes early"));
}

void Feeds::Judge(const std::function<bool(uint64_t reader)>& lives) const {
  for (const Feed& feed : feeds_) {
    run_.Expect(feed.over || !lives(feed.reader), "a socket's end was not told");
  }
}

Copiers::Copiers(SimRun& run) : run_(run) {
  run.simulation().AddStreamingProgram("copier", [] { return std::make_unique<CopierProgram>(); });
}

uint64_t Copiers::New(uint64_t parent) {
  copiers_.push_back({.parent = parent});
  return copiers_.size() - 1;
}

void Copiers::Ended(uint64_t number) {
  run_.Expect(!copiers_[number].over, "the end of a child was told twice");
  copiers_[number].over = true;
}

void Copiers::Judge(const std::function<bool(uint64_t parent)>& lives) const {
  for (const Copier& copier : copiers_) {
    run_.Expect(copier.over || !lives(copier.parent), "the end of a child was not told");
  }
}

}  // namespace troupe
