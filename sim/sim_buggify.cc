#include "troupe/sim/sim_buggify.h"

namespace troupe {
namespace {

constexpr uint64_t kStream = 0x6275676769667921u;

// By its name alone, so that a site is on or off whatever other sites there are.
double ShareOf(uint64_t seed, std::string_view site) {
  uint64_t mixed = seed;
  for (const char letter : site) {
    mixed = Random(mixed ^ static_cast<unsigned char>(letter)).Next();
  }
  return Random(mixed).Unit();
}

}  // namespace

SimBuggify::SimBuggify(uint64_t seed, double sites_share, double firing_share)
    : seed_(seed ^ kStream),
      sites_share_(sites_share),
      firing_share_(firing_share),
      random_(seed_) {}

bool SimBuggify::Fires(std::string_view name) {
  Site& site = Find(name);
  if (!site.on || random_.Unit() >= firing_share_) return false;
  ++site.fired;
  return true;
}

SimBuggify::Site& SimBuggify::Find(std::string_view name) {
  Site*& known = by_text_[name.data()];
  if (known == nullptr) {
    const auto [found, is_new] = sites_.try_emplace(std::string(name));
    if (is_new) found->second.on = ShareOf(seed_, name) < sites_share_;
    known = &found->second;
  }
  return *known;
}

}  // namespace troupe
