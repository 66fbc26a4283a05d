#ifndef TROUPE_ACTORS_ASKS_REQUEST_SERVER_H_
#define TROUPE_ACTORS_ASKS_REQUEST_SERVER_H_

#include <cstdint>

namespace troupe::internal {

// What serves a request besides a handler of its actor: the writing end of a stream, a job of a
// worker.
//
// Lifetime: leaves the request's entry before it is destroyed.
class RequestServer {
 public:
  // The asker gave up.
  virtual void OnGivenUp() {}
  // The reader of the stream has room for `items` more.
  virtual void OnCredit(uint32_t) {}
  // Its handler has ended: a server that an activation owns destroys itself.
  virtual void OnClosed() {}

 protected:
  ~RequestServer() = default;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_REQUEST_SERVER_H_
