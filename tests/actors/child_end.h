#ifndef TROUPE_TESTS_ACTORS_CHILD_END_H_
#define TROUPE_TESTS_ACTORS_CHILD_END_H_

#include <functional>
#include <string>
#include <vector>

namespace troupe::test {

// How a child process ended.
struct ChildEnd {
  bool hung = false;    // Killed, since it had not ended in time.
  int signal = 0;       // That ended it, or 0.
  int exit_code = -1;   // When no signal did.
  std::string printed;  // To stderr.

  bool exited_well() const { return !hung && signal == 0 && exit_code == 0; }
  // Ended by a CHECK whose sentence tells its reader something.
  bool checked() const;
  // The same, with one of `words` in the sentence, whatever their case.
  bool CheckedWith(const std::vector<std::string>& words) const;
  // For a person.
  std::string ToString() const;
};

// Runs `run` in a forked child, which exits with 0 after it. A child that has not ended after ten
// seconds is killed; one that a child starts in this way, after six.
//
// Thread: a process whose other threads hold no locks; best, one that has none.
ChildEnd EndOfChild(const std::function<void()>& run);

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_CHILD_END_H_
