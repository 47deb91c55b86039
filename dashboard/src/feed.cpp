#include "feed.hpp"

#include <infra/base/encoding.hpp>

namespace infra::dashboard {
namespace {

constexpr std::size_t longest_text = 300;
constexpr std::size_t longest_link = 1024;

void shorten(std::string& text, std::size_t most) {
    if (text.size() <= most)
        return;
    text.resize(most);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80)
        text.pop_back(); // not half a character
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0)
        text.pop_back();
    text += "…";
}

} // namespace

void feed::tell(news what) noexcept try {
    shorten(what.text, longest_text);
    if (what.link.size() > longest_link)
        what.link.clear();
    const std::scoped_lock lock(mutex_);
    if (!has_room(time_.steady())) {
        ++refused_;
        return;
    }
    if (entries_.size() >= most)
        entries_.pop_front();
    entries_.push_back({++last_, time_.wall(), std::move(what)});
} catch (...) { // no memory: this one is not in the feed
}

bool feed::has_room(steady_time now) noexcept {
    if (now - second_ >= std::chrono::seconds(1)) {
        second_ = now;
        in_second_ = 0;
    }
    return in_second_++ < most_a_second;
}

pieces feed::after(std::uint64_t since) const {
    const std::scoped_lock lock(mutex_);
    pieces found{.next = last_};
    for (const auto& each : entries_)
        if (each.id > since)
            found.items.push_back(document_of(each));
    if (since > 0 && last_ - since > found.items.size())
        found.skipped = last_ - since - found.items.size();
    return found;
}

std::uint64_t feed::refused() const {
    const std::scoped_lock lock(mutex_);
    return refused_;
}

json::object feed::document_of(const entry& e) {
    return {{"id", e.id},           {"at", to_unix_ms(e.at)},
            {"kind", e.what.kind},  {"severity", to_string(e.what.severity)},
            {"text", e.what.text},  {"link", e.what.link},
            {"trace", e.what.trace}};
}

} // namespace infra::dashboard
