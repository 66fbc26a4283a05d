#include "troupe/loop/posix_random.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "troupe/base/random.h"
#include "troupe/loop/fd.h"

namespace troupe {
namespace {

bool FromKernel(uint64_t& seed) {
  ssize_t bytes;
  do {
    bytes = getrandom(&seed, sizeof(seed), 0);
  } while (bytes < 0 && errno == EINTR);
  return bytes == sizeof(seed);
}

bool FromDevice(uint64_t& seed) {
  const Fd device(open("/dev/urandom", O_RDONLY | O_CLOEXEC));
  return device.valid() && read(device.get(), &seed, sizeof(seed)) == sizeof(seed);
}

uint64_t FromStart(Instant now) {
  static std::atomic<uint64_t> count{0};
  uint64_t parts[2] = {};
  const auto* const bytes = reinterpret_cast<const char*>(getauxval(AT_RANDOM));
  if (bytes != nullptr) std::memcpy(parts, bytes, sizeof(parts));
  // Relaxed: only the number itself matters.
  const uint64_t nth = count.fetch_add(1, std::memory_order_relaxed);
  const uint64_t here = static_cast<uint64_t>(now.nanos) ^ static_cast<uint64_t>(getpid()) << 40;
  return Random(parts[0] ^ Random(parts[1] ^ here).Next() ^ Random(nth).Next()).Next();
}

}  // namespace

uint64_t RandomSeedOf(Instant now) {
  uint64_t seed;
  return FromKernel(seed) || FromDevice(seed) ? seed : FromStart(now);
}

}  // namespace troupe
