#ifndef TROUPE_BASE_BUGGIFY_H_
#define TROUPE_BASE_BUGGIFY_H_

#include <string_view>

namespace troupe {

// Decides, in simulation, where the program does what is legal and rare: hand over less than it
// could, flush too early, take a queue of one place.
//
// Thread: its simulation's.
class Buggify {
 public:
  // Whether the site named `site` does the rare thing this time.
  virtual bool Fires(std::string_view site) = 0;

 protected:
  ~Buggify() = default;
};

namespace internal {

// Null on every thread that runs no simulation, and in one without the option.
extern constinit thread_local Buggify* buggify __attribute__((tls_model("initial-exec")));

}  // namespace internal
}  // namespace troupe

// True where a simulation wants the rare thing to be done; elsewhere false, at the price of one
// load. Both ways must be right: this chooses among legal behaviours and never breaks a promise.
// Name a site by what it does, in a literal of its own: the name says whether it is on in a run.
//
//   const size_t most = TROUPE_BUGGIFY("a batch of one") ? 1 : kBatchMax;
//
// Source: Zhou et al., FoundationDB, SIGMOD 2021, section 4.
#define TROUPE_BUGGIFY(site)                                      \
  (__builtin_expect(::troupe::internal::buggify != nullptr, 0) && \
   ::troupe::internal::buggify->Fires("" site))

#endif  // TROUPE_BASE_BUGGIFY_H_
