#ifndef TROUPE_TESTS_TRANSPORT_MAIL_H_
#define TROUPE_TESTS_TRANSPORT_MAIL_H_

#include <deque>
#include <utility>

#include "troupe/base/instant.h"
#include "troupe/base/mutex.h"

namespace troupe {

// What actors tell the thread of a test. A status is moved in rather than copied: the count that
// its copies share is kept by a library that ThreadSanitizer does not see into.
template <typename T>
class Mail {
 public:
  void Put(T value) {
    MutexLock lock(mutex_);
    values_.push_back(std::move(value));
    changed_.NotifyAll();
  }
  // Waits for the next.
  T Take() {
    MutexLock lock(mutex_);
    while (values_.empty()) changed_.Wait(mutex_);
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  bool empty() {
    MutexLock lock(mutex_);
    return values_.empty();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<T> values_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace troupe

#endif  // TROUPE_TESTS_TRANSPORT_MAIL_H_
