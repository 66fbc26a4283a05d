#ifndef TROUPE_TESTS_SIM_ANOTHER_PROCESS_H_
#define TROUPE_TESTS_SIM_ANOTHER_PROCESS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "gtest/gtest.h"

namespace troupe {

// Runs the current test in another process too, where addresses and hash seeds differ, and
// expects the same `trace_hash` of it. The rest of the test is skipped there.
inline void ExpectSameHashInAnotherProcess(uint64_t trace_hash) {
  const std::string line = "trace hash " + std::to_string(trace_hash) + "\n";
  if (std::getenv("PRINT_TRACE_HASH") != nullptr) {
    std::cout << line << std::flush;
    return;
  }
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  const std::string command = "PRINT_TRACE_HASH=1 " +
                              std::filesystem::read_symlink("/proc/self/exe").string() +
                              " --gtest_filter=" + test.test_suite_name() + "." + test.name();
  std::FILE* const pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string printed;
  for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe)) {
    printed += static_cast<char>(byte);
  }
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_NE(printed.find(line), std::string::npos) << line << printed;
}

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_ANOTHER_PROCESS_H_
