#ifndef TROUPE_ACTORS_MAIL_SENDER_SET_H_
#define TROUPE_ACTORS_MAIL_SENDER_SET_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace troupe::internal {

// Which shards have put something into their link to one shard since it looked last. Looking costs
// one load while there is nothing, however many shards there are. A few shards are not marked: the
// receiver looks at each of their links, which costs less than a cache line's way to it and back.
//
// Thread: Mark any shard; the others the receiver.
// Bounds: 4096 shards.
class alignas(64) SenderSet {
 public:
  explicit SenderSet(size_t shards)
      : marks_(shards > kFew),
        words_(shards > 64 ? new std::atomic<uint64_t>[(shards + 63) / 64]() : nullptr) {}
  SenderSet(const SenderSet&) = delete;
  SenderSet& operator=(const SenderSet&) = delete;

  static constexpr size_t kFew = 8;

  // False for a few shards: then any of them may have put something into its link at any time.
  bool marks() const { return marks_; }

  // After the link's ring was filled.
  void Mark(size_t shard) {
    if (!marks_) return;
    // Release: pairs with the exchanges in Take(), after which the receiver sees what was put into
    // the ring. Always a read-modify-write: a bit that is read as set may be on its way out.
    if (words_ == nullptr) {
      top_.fetch_or(uint64_t{1} << shard, std::memory_order_acq_rel);
    } else {
      words_[shard / 64].fetch_or(uint64_t{1} << shard % 64, std::memory_order_acq_rel);
      top_.fetch_or(uint64_t{1} << shard / 64, std::memory_order_acq_rel);
    }
  }

  // Relaxed: whoever sleeps on the answer goes through the waker, which orders it.
  bool Empty() const { return top_.load(std::memory_order_relaxed) == 0; }

  // Calls `add` with each marked shard, and unmarks it.
  template <typename Add>
  void Take(Add add) {
    if (Empty()) return;
    // Acquire: pairs with Mark(); likewise below.
    uint64_t top = top_.exchange(0, std::memory_order_acq_rel);
    for (; top != 0; top &= top - 1) {
      const auto bit = static_cast<size_t>(std::countr_zero(top));
      if (words_ == nullptr) {
        add(bit);
        continue;
      }
      uint64_t word = words_[bit].exchange(0, std::memory_order_acq_rel);
      for (; word != 0; word &= word - 1) {
        add(bit * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  const bool marks_;
  std::atomic<uint64_t> top_{0};
  const std::unique_ptr<std::atomic<uint64_t>[]> words_;  // Null up to 64 shards: top_ is the set.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MAIL_SENDER_SET_H_
