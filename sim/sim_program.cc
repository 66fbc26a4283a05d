#include "troupe/sim/sim_program.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {
namespace {

class FunctionProgram final : public SimStreamingProgram {
 public:
  explicit FunctionProgram(SimProgram program) : program_(std::move(program)) {}

 private:
  void OnStart(SimProcess& process) override {
    if (!process.options().pipe_input) Run(process);
  }
  void OnInput(SimProcess&, std::string_view bytes) override { input_.append(bytes); }
  void OnInputEnd(SimProcess& process) override {
    if (process.options().pipe_input) Run(process);
  }
  bool OnSignal(SimProcess&, int signal) override {
    const std::vector<int>& ignored = run_.ignored_signals;
    return std::find(ignored.begin(), ignored.end(), signal) != ignored.end();
  }

  void Run(SimProcess& process) {
    run_ = program_(process.options(), input_);
    process.After(run_.takes, [this, &process] {
      process.Write(run_.output);
      process.WriteError(run_.error_output);
      process.End(run_.status);
    });
  }

  const SimProgram program_;
  std::string input_;
  SimProgramRun run_;
};

}  // namespace

SimStreamingProgramMaker StreamingForm(SimProgram program) {
  return [program = std::move(program)] { return std::make_unique<FunctionProgram>(program); };
}

}  // namespace troupe
