#ifndef TROUPE_TRANSPORT_NODE_OPTIONS_H_
#define TROUPE_TRANSPORT_NODE_OPTIONS_H_

#include <string>

namespace troupe {

struct NodeOptions {
  // What peers and logs call this node: 1 to 255 bytes, unlike any other node's.
  std::string name;
  // "127.0.0.1:4500"; port 0 lets the kernel choose. Default: nothing listens.
  std::string listen = "";
  // Lets bytes go unencrypted to and from addresses that are not loopback, where anybody on the
  // way can read and change them. Default: refused.
  bool unsafe_allow_plaintext = false;
};

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_NODE_OPTIONS_H_
