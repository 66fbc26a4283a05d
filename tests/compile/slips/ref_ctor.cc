#include <string>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Reader : public troupe::Actor {
 public:
  explicit Reader(std::string& text) : text_(text) {}

 private:
  std::string& text_;
};

void Use(troupe::System& system) {
  std::string text;
  system.Spawn<Reader>({}, text);  // SLIP: pass a pointer or std::ref
}
