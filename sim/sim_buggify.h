#ifndef TROUPE_SIM_SIM_BUGGIFY_H_
#define TROUPE_SIM_SIM_BUGGIFY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "troupe/base/buggify.h"
#include "troupe/base/random.h"

namespace troupe {

// The TROUPE_BUGGIFY sites of one run: a share of them is on, by the seed and their names, and
// those fire now and then.
//
// Thread: the simulation's.
class SimBuggify final : public Buggify {
 public:
  struct Site {
    bool on = false;
    uint64_t fired = 0;
  };

  // Shares are from 0 to 1.
  SimBuggify(uint64_t seed, double sites_share, double firing_share);
  SimBuggify(const SimBuggify&) = delete;
  SimBuggify& operator=(const SimBuggify&) = delete;

  bool Fires(std::string_view site) override;

  // The sites that were reached, by name.
  const std::map<std::string, Site, std::less<>>& sites() const { return sites_; }

 private:
  Site& Find(std::string_view site);

  const uint64_t seed_;
  const double sites_share_;
  const double firing_share_;
  Random random_;  // Another stream than the scheduler's.
  std::map<std::string, Site, std::less<>> sites_;
  absl::flat_hash_map<const char*, Site*> by_text_;  // By where the name lies: most are literals.
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_BUGGIFY_H_
