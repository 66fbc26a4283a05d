#include "troupe/loop/slab_memory.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "gtest/gtest.h"

namespace troupe {
namespace {

TEST(SlabMemoryTest, PlacesAreAlignedAndApart) {
  SlabMemory memory(SlabMemory::Pages::kHuge);
  std::vector<char*> places;
  for (size_t i = 0; i < 1000; ++i) {
    const size_t alignment = size_t{1} << (i % 8);
    auto* const place = static_cast<char*>(memory.Allocate(i + 1, alignment));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(place) % alignment, 0u);
    std::memset(place, static_cast<int>(i % 251), i + 1);
    places.push_back(place);
  }
  for (size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(places[i][0], static_cast<char>(i % 251));
    EXPECT_EQ(places[i][i], static_cast<char>(i % 251));
  }
}

TEST(SlabMemoryTest, OnePlaceMayTakeAWholePieceAtOnce) {
  SlabMemory memory(SlabMemory::Pages::kHuge);
  for (int i = 0; i < 3; ++i) {
    auto* const place = static_cast<char*>(memory.Allocate(SlabMemory::kPieceBytesMax, 64));
    place[0] = 'a';
    place[SlabMemory::kPieceBytesMax - 1] = 'z';
  }
}

TEST(SlabMemoryDeathTest, MoreThanAPieceIsACheck) {
  EXPECT_DEATH(
      {
        SlabMemory memory(SlabMemory::Pages::kHuge);
        memory.Allocate(SlabMemory::kPieceBytesMax + 1, 64);
      },
      "CHECK failed");
}

}  // namespace
}  // namespace troupe
