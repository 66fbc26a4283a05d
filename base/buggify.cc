#include "troupe/base/buggify.h"

namespace troupe::internal {

constinit thread_local Buggify* buggify = nullptr;

}  // namespace troupe::internal
