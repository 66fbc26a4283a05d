#include "troupe/sim/seeds/run_report.h"

#include <cstring>

#include "troupe/base/check.h"

namespace troupe {
namespace {

void Put(std::string& out, uint64_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}
void Put(std::string& out, std::string_view text) {
  Put(out, uint64_t{text.size()});
  out.append(text);
}
void Put(std::string& out, const std::vector<std::string>& texts) {
  Put(out, uint64_t{texts.size()});
  for (const std::string& text : texts) Put(out, text);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t number = 0;
    std::memcpy(&number, Take(sizeof(number)).data(), sizeof(number));
    return number;
  }
  std::string Text() { return std::string(Take(Number())); }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts(Number());
    for (std::string& text : texts) text = Text();
    return texts;
  }

 private:
  std::string_view Take(size_t count) {
    TROUPE_CHECK_MSG(count <= bytes_.size(), "a report of a run is cut short");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
};

}  // namespace

std::string RunReport::Kind() const {
  std::string kind;
  if (wrong.empty()) return kind;
  for (const char letter : wrong.front()) {
    const bool is_digit = letter >= '0' && letter <= '9';
    if (!is_digit) {
      kind += letter;
    } else if (kind.empty() || kind.back() != '#') {
      kind += '#';
    }
  }
  return kind;
}

std::string RunReport::Encode() const {
  std::string out;
  Put(out, seed);
  Put(out, trace_hash);
  Put(out, static_cast<uint64_t>(virtual_nanos));
  Put(out, uint64_t{choices.size()});
  for (const SimChoice& choice : choices) {
    Put(out, choice.name);
    Put(out, static_cast<uint64_t>(choice.value));
    Put(out, static_cast<uint64_t>(choice.least));
  }
  Put(out, wrong);
  Put(out, fired);
  return out;
}

RunReport RunReport::Decode(std::string_view bytes) {
  Reader in(bytes);
  RunReport report;
  report.seed = in.Number();
  report.trace_hash = in.Number();
  report.virtual_nanos = static_cast<int64_t>(in.Number());
  report.choices.resize(in.Number());
  for (SimChoice& choice : report.choices) {
    choice.name = in.Text();
    choice.value = static_cast<int64_t>(in.Number());
    choice.least = static_cast<int64_t>(in.Number());
  }
  report.wrong = in.Texts();
  report.fired = in.Texts();
  return report;
}

}  // namespace troupe
