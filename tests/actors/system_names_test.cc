// F152: names of the system's headers in a file that includes all of Troupe. No GoogleTest, which
// includes those headers.

#include "troupe/troupe.h"

// Macros of <csignal> and <sys/wait.h>, as a user's own .proto may have them.
enum Reason { SIGHUP, SIGTERM, SIGUSR1, SI_USER, SIG_BLOCK, P_PID };
namespace signal {
struct Raised {
  int si_pid = 1;
  int si_status = 2;
};
}  // namespace signal
namespace kill {
struct Order {};
}  // namespace kill

int main() {
  const signal::Raised raised;
  static_assert(SIGHUP == 0 && P_PID == 5);
  const troupe::SystemOptions options;
  const bool has_defaults =
      options.shutdown_signals.size() == 2 && options.handled_signals.size() == 5;
  return has_defaults && raised.si_pid + raised.si_status == 3 ? 0 : 1;
}
