#include "troupe/examples/wordcount/feeder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/examples/wordcount/coordinator.h"

namespace wordcount {

Feeder::Feeder(int number, troupe::Ref<Coordinator> coordinator, troupe::Node* node,
               std::string url)
    : number_(number), coordinator_(coordinator), node_(node), url_(std::move(url)) {}

troupe::Reply<void> Feeder::OnStart(troupe::Context&) {
  absl::StatusOr<Counter::Ref> counter = co_await node_->Lookup<Counter>(url_);
  if (counter.ok()) {
    counter_ = *counter;
    coordinator_.Send(Ready{number_});
  } else {
    coordinator_.Send(Lost{number_, counter.status()});
  }
  co_return absl::OkStatus();
}

troupe::Reply<void> Feeder::On(troupe::Context&, const Feed& feed) {
  Batch batch;
  for (const std::string& file : feed.files) batch.add_paths(file);
  // No deadline: a batch may hold a file of any size. The end of a node is noticed all the same.
  absl::StatusOr<Counted> counted =
      co_await counter_.Count(std::move(batch)).Within(absl::InfiniteDuration());
  if (!counted.ok()) {
    coordinator_.Send(Lost{number_, counted.status()});
    co_return absl::OkStatus();
  }
  Fed fed;
  fed.feeder = number_;
  fed.batch = feed.batch;
  fed.files = counted->files();
  fed.bytes = counted->bytes();
  for (const Unreadable& unreadable : counted->unreadable()) {
    fed.unreadable.push_back(absl::StrCat(unreadable.path(), ": ", unreadable.reason()));
  }
  coordinator_.Send(std::move(fed));
  co_return absl::OkStatus();
}

troupe::Reply<void> Feeder::On(troupe::Context&, const Collect&) {
  Page page;
  std::string rest;  // A line that the next page continues.
  bool last = false;
  while (!last) {
    absl::StatusOr<Text> text = co_await counter_.Totals(page).Within(absl::InfiniteDuration());
    if (!text.ok()) {
      coordinator_.Send(Lost{number_, text.status()});
      co_return absl::OkStatus();
    }
    page.set_offset(page.offset() + text->text().size());
    rest += text->text();
    last = text->last();
    const size_t lines_end = rest.rfind('\n') + 1;  // 0 if there is no whole line yet.
    Totals totals;
    totals.feeder = number_;
    totals.text = rest.substr(0, lines_end);
    totals.last = last;
    rest.erase(0, lines_end);
    coordinator_.Send(std::move(totals));
  }
  co_return absl::OkStatus();
}

}  // namespace wordcount
