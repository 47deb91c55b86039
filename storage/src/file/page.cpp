#include "page.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/error.hpp>

#include <utility>

namespace infra::storage {
namespace {

// A token is what stands last in a page: 'k' and a key, or 'p' and a prefix.
constexpr char of_key = 'k', of_prefix = 'p';

} // namespace

page_builder::page_builder(list_options what) : what_(std::move(what)), after_(what_.start_after) {
    if (what_.token.empty())
        return;
    const auto last = encoding::base64url_decode(what_.token);
    if (!last || last->size() < 2 || (last->front() != of_key && last->front() != of_prefix))
        throw storage_error(infra::errc::invalid_input, "list: the token is not one that a list has given");
    after_ = std::max(after_, last->substr(1));
    if (last->front() == of_prefix)
        passed_ = last->substr(1);
}

bool page_builder::may_hold(std::string_view beginning) const noexcept {
    const std::string_view prefix = what_.prefix, after = after_;
    return (beginning.starts_with(prefix) || prefix.starts_with(beginning)) &&
           (beginning > after || after.starts_with(beginning)) && (passed_.empty() || !beginning.starts_with(passed_));
}

bool page_builder::wants(std::string_view key) const noexcept {
    return key.starts_with(what_.prefix) && key > after_ && (passed_.empty() || !key.starts_with(passed_));
}

std::optional<std::string> page_builder::prefix_of(std::string_view key) const {
    if (what_.delimiter.empty() || !key.starts_with(what_.prefix))
        return std::nullopt;
    const auto at = key.find(what_.delimiter, what_.prefix.size());
    if (at == std::string_view::npos)
        return std::nullopt;
    return std::string(key.substr(0, at + what_.delimiter.size()));
}

std::optional<std::string> page_builder::prefix_of_all(std::string_view beginning) const {
    if (std::string_view(after_).starts_with(beginning))
        return std::nullopt;
    return prefix_of(beginning);
}

bool page_builder::has_room() {
    if (page_.objects.size() + page_.prefixes.size() < what_.limit)
        return true;
    const bool is_prefix = after_ == passed_;
    page_.token = encoding::base64url_encode((is_prefix ? of_prefix : of_key) + after_);
    return false;
}

bool page_builder::add(object_info object) {
    if (!has_room())
        return false;
    after_ = object.key;
    page_.objects.push_back(std::move(object));
    return true;
}

bool page_builder::add_prefix(std::string prefix) {
    if (!has_room())
        return false;
    passed_ = after_ = prefix;
    page_.prefixes.push_back(std::move(prefix));
    return true;
}

} // namespace infra::storage
