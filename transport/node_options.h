#ifndef TROUPE_TRANSPORT_NODE_OPTIONS_H_
#define TROUPE_TRANSPORT_NODE_OPTIONS_H_

#include <string>

namespace troupe {

struct NodeOptions {
  // The name of this node for peers and logs: 1 to 255 bytes, unique among nodes.
  std::string name;
  // The address to listen on, such as "127.0.0.1:4500"; port 0 lets the kernel choose. Default:
  // does not listen.
  std::string listen = "";
  // Allows unencrypted traffic with addresses off loopback, which anybody on the path can read and
  // change. Default: refused.
  bool unsafe_allow_plaintext = false;
};

}  // namespace troupe

#endif  // TROUPE_TRANSPORT_NODE_OPTIONS_H_
