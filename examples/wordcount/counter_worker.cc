#include "troupe/examples/wordcount/counter_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"

namespace wordcount {
namespace {

constexpr size_t kReadBytes = 256u << 10;
constexpr size_t kPageBytes = 256u << 10;

// Feeds the file to `table` piece by piece. Returns errno, or 0.
int CountFile(const std::string& path, std::vector<char>& buffer, WordTable& table,
              uint64_t& bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno;
  int failure = 0;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failure = errno;
    if (count <= 0) break;
    bytes += static_cast<uint64_t>(count);
    table.AddPiece(std::string_view(buffer.data(), static_cast<size_t>(count)));
  }
  table.EndText();
  close(fd);
  return failure;
}

}  // namespace

absl::StatusOr<Counted> CounterWorker::Count(troupe::WorkerContext&, const Batch& batch) {
  if (asked_) {
    table_ = WordTable();
    asked_ = false;
  }
  buffer_.resize(kReadBytes);
  Counted counted;
  uint64_t bytes = 0;
  for (const std::string& path : batch.paths()) {
    const int failure = CountFile(path, buffer_, table_, bytes);
    if (failure == 0) {
      counted.set_files(counted.files() + 1);
    } else {
      Unreadable& unreadable = *counted.add_unreadable();
      unreadable.set_path(path);
      unreadable.set_reason(std::generic_category().message(failure));
    }
  }
  counted.set_bytes(bytes);
  return counted;
}

absl::StatusOr<Text> CounterWorker::Totals(troupe::WorkerContext&, const Page& page) {
  if (!asked_) totals_ = table_.ToText();
  asked_ = true;
  if (page.offset() > totals_.size()) {
    return absl::OutOfRangeError("the page begins behind the totals' end");
  }
  Text text;
  text.set_text(totals_.substr(page.offset(), kPageBytes));
  text.set_last(page.offset() + text.text().size() == totals_.size());
  return text;
}

}  // namespace wordcount
