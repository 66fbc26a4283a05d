#ifndef TROUPE_TRANSPORT_BYTE_BUFFER_H_
#define TROUPE_TRANSPORT_BYTE_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace troupe::internal {

// A queue of bytes, appended at the end and taken from the front. Appended bytes are not zeroed,
// and an empty buffer may hold no memory.
class ByteBuffer {
 public:
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  size_t capacity() const { return capacity_; }
  const char* data() const { return bytes_.get() + begin_; }
  std::string_view view() const { return {data(), size()}; }

  // Appends `count` bytes for the caller to fill.
  char* Grow(size_t count) {
    if (capacity_ - end_ < count) [[unlikely]]
      MakeRoom(count);
    char* const place = bytes_.get() + end_;
    end_ += count;
    return place;
  }
  // Removes the last `count` bytes of Grow().
  void Shrink(size_t count) { end_ -= count; }

  // Drops `count` bytes from the front.
  void Consume(size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  void Clear() { begin_ = end_ = 0; }
  void Release() {
    Clear();
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr size_t kLeast = 256;

  void MakeRoom(size_t count) {
    const size_t used = size();
    if (begin_ > 0 && begin_ >= used && capacity_ - used >= count) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    } else {
      const size_t capacity = std::max({kLeast, used + count, capacity_ * 2});
      std::unique_ptr<char[]> bytes(new char[capacity]);
      if (used > 0) std::memcpy(bytes.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(bytes);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_BYTE_BUFFER_H_
