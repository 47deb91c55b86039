#include "cache.hpp"

#include "load.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace infra::email {

namespace {

// The clock that dates files may stand still for some milliseconds.
constexpr auto settling = std::chrono::milliseconds(100);

} // namespace

struct template_cache::entry {
    email_template made;
    std::vector<std::pair<std::string, file_stamp>> files; ///< the template's, and its layout's
    bool settled = true;                                   ///< the next change of them will show in their stamps

    void look_at(const std::string& path, wall_time now) {
        const auto stamp = stamp_of(path);
        settled = settled && stamp.changed + settling < now;
        files.emplace_back(path, stamp);
    }

    bool is_current() const {
        return settled &&
               std::ranges::all_of(files, [](const auto& each) { return stamp_of(each.first) == each.second; });
    }
};

std::shared_ptr<const email_template> template_cache::get(const std::string& directory, const std::string& name,
                                                          const std::string& locale) {
    const auto source = find_source(directory, name, locale);
    if (const auto held = find(source.path); held && held->is_current())
        return {held, &held->made};
    const auto made = std::make_shared<entry>();
    made->look_at(source.path, time_.wall()); // before it is read: what changes meanwhile shows later
    made->made = read_template(source, name);
    if (!made->made.layout.empty()) {
        const auto path = layout_source(directory, made->made);
        made->look_at(path, time_.wall());
        read_layout(made->made, path);
    }
    const std::scoped_lock lock(mutex_);
    entries_.insert_or_assign(source.path, made);
    return {made, &made->made};
}

std::shared_ptr<const template_cache::entry> template_cache::find(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : found->second;
}

} // namespace infra::email
