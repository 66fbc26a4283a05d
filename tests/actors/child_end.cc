#include "troupe/tests/actors/child_end.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace troupe::test {
namespace {

// In a child: one of its own has less time, so that it can tell of it.
bool in_child = false;

absl::Duration TimeToEnd() { return absl::Seconds(in_child ? 6 : 10); }

[[noreturn]] void BeTheChild(const std::function<void()>& run, int pipe) {
  in_child = true;
  dup2(pipe, STDERR_FILENO);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  run();
  _exit(0);
}

// Everything up to the end of what the pipe's writers have to say, or until `deadline`.
std::string ReadUntil(int pipe, absl::Time deadline) {
  std::string text;
  char bytes[4096];
  for (absl::Duration left = deadline - absl::Now(); left > absl::ZeroDuration();
       left = deadline - absl::Now()) {
    pollfd readable = {.fd = pipe, .events = POLLIN, .revents = 0};
    poll(&readable, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (readable.revents == 0) continue;
    const ssize_t count = read(pipe, bytes, sizeof(bytes));
    if (count <= 0) break;
    text.append(bytes, static_cast<size_t>(count));
  }
  return text;
}

// The sentence of a CHECK that failed, if there is one.
std::string Sentence(const std::string& printed) {
  for (const absl::string_view line : absl::StrSplit(printed, '\n')) {
    const size_t check = line.find("CHECK failed: ");
    if (check == absl::string_view::npos) continue;
    const size_t colon = line.find(": ", check + 14);
    if (colon != absl::string_view::npos) return std::string(line.substr(colon + 2));
  }
  return "";
}

}  // namespace

ChildEnd EndOfChild(const std::function<void()>& run) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    // Children of a child belong to its group, and go with it.
    if (!in_child) setpgid(0, 0);
    close(ends[0]);
    BeTheChild(run, ends[1]);
  }
  if (!in_child) setpgid(child, child);
  close(ends[1]);
  const absl::Time deadline = absl::Now() + TimeToEnd();
  ChildEnd end;
  end.printed = ReadUntil(ends[0], deadline);
  end.hung = absl::Now() >= deadline;
  if (end.hung) kill(in_child ? child : -child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[0]);
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return end;
}

bool ChildEnd::checked() const {
  // A bare expression is no answer.
  const std::string sentence = Sentence(printed);
  return !hung && signal == SIGABRT && std::count(sentence.begin(), sentence.end(), ' ') >= 2;
}

bool ChildEnd::CheckedWith(const std::vector<std::string>& words) const {
  const std::string sentence = absl::AsciiStrToLower(Sentence(printed));
  return checked() && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
           return absl::StrContains(sentence, absl::AsciiStrToLower(word));
         });
}

std::string ChildEnd::ToString() const {
  if (hung) return absl::StrCat("hung, and was killed: ", printed);
  if (signal != 0) return absl::StrCat("ended by signal ", signal, ": ", printed);
  return absl::StrCat("exited with ", exit_code, ": ", printed);
}

}  // namespace troupe::test
