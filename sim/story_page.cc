#include "troupe/sim/story_page.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "troupe/base/printable.h"
#include "troupe/base/text.h"
#include "troupe/sim/sim_trace.h"

namespace troupe {
namespace {

constexpr size_t kEventsMax = 3000;
constexpr size_t kColumnsMax = 40;
constexpr size_t kTextBytesMax = 200;

// In pixels.
constexpr int kTimeWidth = 110;
constexpr int kColumnWidth = 200;
constexpr int kRowHeight = 20;
constexpr int kHeadHeight = 46;

// Between two events: from so long on there is a line.
constexpr int64_t kLongNanos = 100'000'000;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1d2430;--dim:#7a8494;--line:#d9dee6;--bg:#fbfcfe;--head:#eef2f8;
--message:#2563c9;--outcome:#2d8a55;--end:#b3261e;--fault:#b3261e;--faultbg:#fbe3e0;--log:#8a6d1f}
@media(prefers-color-scheme:dark){:root{--ink:#dfe5ee;--dim:#8893a5;--line:#313a48;--bg:#141920;
--head:#1d2531;--message:#7db0ff;--outcome:#6fd3a0;--end:#ff8f86;--fault:#ff8f86;--faultbg:#3d2220;
--log:#d9bd6a}}
body{margin:0;background:var(--bg);color:var(--ink);font:12px/1.3 system-ui,sans-serif}
nav{position:sticky;left:0;padding:8px 12px;display:flex;gap:12px;align-items:center;flex-wrap:wrap}
nav b{font-size:14px}nav input{font:inherit;padding:3px 6px;width:220px}
nav span{color:var(--dim)}
header{position:sticky;top:0;background:var(--head);border-bottom:1px solid var(--line);z-index:1}
svg{display:block}text{fill:var(--ink);font:11px system-ui,sans-serif}
.t{fill:var(--dim);font-variant-numeric:tabular-nums}.life{stroke:var(--line)}
.m{stroke:var(--message);fill:var(--message)}.o{stroke:var(--outcome);fill:var(--outcome)}
.o line{stroke-dasharray:4 3}.x{stroke:var(--end);stroke-width:2}
.f rect{fill:var(--faultbg)}.f text{fill:var(--fault);font-weight:600}.l text{fill:var(--log)}
.e text{stroke:none}.gap{stroke:var(--dim);stroke-dasharray:1 5}
.off{opacity:.12}.column{cursor:pointer}.node{fill:var(--dim)}
)";

constexpr std::string_view kScript = R"(
const rows=[...document.querySelectorAll('.e')],find=document.getElementById('find');
let lane=null;
function show(){const word=find.value.toLowerCase();for(const r of rows){
const fits=(!word||r.textContent.toLowerCase().includes(word))&&
(lane===null||(' '+r.dataset.c+' ').includes(' '+lane+' '));
r.classList.toggle('off',!fits)}}
find.oninput=show;
for(const c of document.querySelectorAll('.column'))c.onclick=()=>{
lane=lane===c.dataset.c?null:c.dataset.c;show()};
document.getElementById('end').onclick=()=>scrollTo(scrollX,document.body.scrollHeight);
)";

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char letter : PrintableLine(text, kTextBytesMax)) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

// The diagram while it is drawn.
class Page {
 public:
  Page(const SimStory& story, std::string_view title) : title_(title) {
    const auto& all = story.events();
    const size_t count = std::min(all.size(), kEventsMax);
    left_out_ = all.size() - count;
    events_.assign(all.end() - static_cast<ptrdiff_t>(count), all.end());
    FindColumns();
    if (columns_.size() > kColumnsMax) {
      by_node_ = true;
      FindColumns();
    }
  }

  std::string Draw() {
    for (const SimStory::Event& event : events_) Row(event);
    const int width =
        kTimeWidth + kColumnWidth * static_cast<int>(std::max<size_t>(columns_.size(), 4));
    return absl::StrCat("<!doctype html><html><meta charset=utf-8><title>", Escaped(title_),
                        "</title><style>", AbslView(kStyle), "</style><nav><b>", Escaped(title_),
                        "</b><input id=find placeholder='find in the events'><button id=end>to the "
                        "end</button><span>",
                        events_.size(), " events", left_out_ > 0 ? ", the newest of " : "",
                        left_out_ > 0 ? absl::StrCat(left_out_ + events_.size()) : "",
                        "; click a column to see its own</span></nav><header>",
                        Svg(width, kHeadHeight, Heads()), "</header>",
                        Svg(width, y_ + kRowHeight, absl::StrCat(Lives(), rows_)), "<script>",
                        AbslView(kScript), "</script></html>\n");
  }

 private:
  static std::string Svg(int width, int height, const std::string& inside) {
    return absl::StrCat("<svg xmlns='http://www.w3.org/2000/svg' width=", width, " height=", height,
                        ">", inside, "</svg>");
  }

  SimStory::Party ColumnOf(const SimStory::Party& party) const {
    return {party.node, by_node_ ? "" : party.name};
  }
  // Sorted, so that those of one node are side by side.
  void FindColumns() {
    columns_.clear();
    for (const SimStory::Event& event : events_) {
      for (const SimStory::Party* const party : {&event.from, &event.to}) {
        if (!party->node.empty()) columns_[ColumnOf(*party)] = 0;
      }
    }
    int next = 0;
    for (auto& [party, column] : columns_) column = next++;
  }
  static int MiddleOf(int column) { return kTimeWidth + kColumnWidth * column + kColumnWidth / 2; }

  std::string Heads() const {
    std::string heads;
    for (const auto& [party, column] : columns_) {
      absl::StrAppend(
          &heads, "<g class=column data-c=", column, "><text class=node x=", MiddleOf(column),
          " y=18 text-anchor=middle>", Escaped(party.node), "</text><text x=", MiddleOf(column),
          " y=34 text-anchor=middle>",
          Escaped(party.name.empty() ? std::string_view("the node") : party.name), "</text></g>");
    }
    return heads;
  }
  std::string Lives() const {
    std::string lives;
    for (const auto& [party, column] : columns_) {
      absl::StrAppend(&lives, "<line class=life x1=", MiddleOf(column), " x2=", MiddleOf(column),
                      " y1=0 y2=", y_ + kRowHeight, " />");
    }
    return lives;
  }

  void Row(const SimStory::Event& event) {
    if (y_ > 0 && event.when.nanos - last_.nanos >= kLongNanos) {
      y_ += kRowHeight / 2;
      absl::StrAppend(&rows_, "<line class=gap x1=0 x2='100%' y1=", y_, " y2=", y_, " />");
      y_ += kRowHeight / 2;
    }
    y_ += kRowHeight;
    last_ = event.when;
    const auto to = columns_.find(ColumnOf(event.to));
    const auto from = columns_.find(ColumnOf(event.from));
    const int to_column = to != columns_.end() ? to->second : -1;
    const int from_column = from != columns_.end() ? from->second : -1;
    absl::StrAppend(&rows_, "<g class='e ", AbslView(ClassOf(event.kind)), "' data-c='",
                    from_column, " ", to_column, "'>");
    if (event.kind == SimStory::Kind::kFault) {
      absl::StrAppend(&rows_, "<rect x=0 width='100%' y=", y_ - 14, " height=", kRowHeight, " />");
    }
    absl::StrAppend(&rows_, "<text class=t x=8 y=", y_, ">", SimTimeText(event.when).substr(0, 13),
                    "</text>");
    switch (event.kind) {
      case SimStory::Kind::kMessage:
      case SimStory::Kind::kOutcome:
        Arrow(from_column >= 0 ? from_column : to_column, to_column, event.text);
        break;
      case SimStory::Kind::kEnd:
        Cross(to_column);
        break;
      default:
        absl::StrAppend(&rows_, "<text x=", kTimeWidth, " y=", y_, ">", Escaped(event.text),
                        "</text>");
    }
    rows_ += "</g>";
  }

  static std::string_view ClassOf(SimStory::Kind kind) {
    constexpr std::string_view kClasses[] = {"m", "o", "d", "f", "l"};
    return kClasses[static_cast<int>(kind)];
  }

  // To itself: a mark beside the line.
  void Arrow(int from, int to, std::string_view text) {
    const int x1 = MiddleOf(from), x2 = MiddleOf(to);
    if (from == to) {
      absl::StrAppend(&rows_, "<circle cx=", x2, " cy=", y_ - 4, " r=3 /><text x=", x2 + 7,
                      " y=", y_, ">", Escaped(text), "</text>");
      return;
    }
    const int tip = x2 > x1 ? -6 : 6;
    absl::StrAppend(&rows_, "<line x1=", x1, " x2=", x2 + tip, " y1=", y_ - 4, " y2=", y_ - 4,
                    " />");
    absl::StrAppendFormat(&rows_, "<path d='M%d %dl%d -3v6z' /><text x=%d y=%d text-anchor=%s>", x2,
                          y_ - 4, tip, x2 > x1 ? x1 + 8 : x1 - 8, y_ - 6,
                          x2 > x1 ? "start" : "end");
    absl::StrAppend(&rows_, Escaped(text), "</text>");
  }
  void Cross(int column) {
    const int x = MiddleOf(column);
    absl::StrAppendFormat(&rows_,
                          "<path class=x d='M%d %dl8 8m0 -8l-8 8' /><text x=%d y=%d>ends</text>",
                          x - 4, y_ - 8, x + 8, y_);
  }

  const std::string_view title_;
  std::vector<SimStory::Event> events_;
  size_t left_out_ = 0;
  bool by_node_ = false;
  std::map<SimStory::Party, int> columns_;
  std::string rows_;
  Instant last_;
  int y_ = 0;
};

}  // namespace

std::string StoryPage(const SimStory& story, std::string_view title) {
  return Page(story, title).Draw();
}

}  // namespace troupe
