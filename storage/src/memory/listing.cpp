#include "listing.hpp"

#include "objects.hpp"

#include <algorithm>

namespace infra::storage::memory {
namespace {

using place = object_map::const_iterator;

place behind_prefix(const object_map& objects, std::string_view prefix) {
    const auto next = behind_all(prefix);
    return next.empty() ? objects.end() : objects.lower_bound(next);
}

// What stands in the page for a key: itself, or its beginning up to the delimiter.
std::string_view shown(std::string_view key, const list_options& what) {
    if (what.delimiter.empty())
        return key;
    const auto found = key.find(what.delimiter, what.prefix.size());
    return found == std::string_view::npos ? key : key.substr(0, found + what.delimiter.size());
}

place first_of(const object_map& objects, const list_options& what) {
    const auto later = [](place a, place b) { return std::max(a->first, b->first) == a->first ? a : b; };
    std::vector<place> starts{objects.lower_bound(what.prefix)};
    if (!what.start_after.empty())
        starts.push_back(objects.upper_bound(what.start_after));
    if (!what.token.empty())
        starts.push_back(what.delimiter.empty() || !what.token.ends_with(what.delimiter)
                             ? objects.upper_bound(what.token)
                             : behind_prefix(objects, what.token));
    place first = starts.front();
    for (const auto each : starts) {
        if (each == objects.end())
            return each;
        first = later(first, each);
    }
    return first;
}

// As a list of S3 tells it.
object_info brief(const object_info& of) {
    return {.key = of.key, .size = of.size, .etag = of.etag, .modified = of.modified};
}

} // namespace

std::string behind_all(std::string_view beginning) {
    std::string next(beginning);
    while (!next.empty() && next.back() == '\xff')
        next.pop_back();
    if (!next.empty())
        next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
    return next;
}

list_page page_of(const object_map& objects, const list_options& what) {
    list_page page;
    std::string last;
    for (auto at = first_of(objects, what); at != objects.end() && at->first.starts_with(what.prefix);) {
        if (page.objects.size() + page.prefixes.size() >= std::max<std::size_t>(what.limit, 1)) {
            page.token = last;
            break;
        }
        last = shown(at->first, what);
        if (last.size() < at->first.size() || (!what.delimiter.empty() && last.ends_with(what.delimiter))) {
            page.prefixes.push_back(last);
            at = behind_prefix(objects, last);
        } else {
            page.objects.push_back(brief(at->second.info));
            ++at;
        }
    }
    return page;
}

} // namespace infra::storage::memory
