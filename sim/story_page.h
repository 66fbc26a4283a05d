#ifndef TROUPE_SIM_STORY_PAGE_H_
#define TROUPE_SIM_STORY_PAGE_H_

#include <string>
#include <string_view>

#include "troupe/sim/sim_story.h"

namespace troupe {

// Returns a web page that needs nothing else: the story as a sequence diagram, with a column for
// each actor, or for each node if there are too many, and time running down, one row an event.
//
// Bounds: the newest 3000 events.
std::string StoryPage(const SimStory& story, std::string_view title);

}  // namespace troupe

#endif  // TROUPE_SIM_STORY_PAGE_H_
