#include "log_lines.hpp"

#include "speaker.hpp"

#include <infra/base/encoding.hpp>

#include <unistd.h>

#include <utility>

namespace infra::realtime::feeds {
namespace {

constexpr std::size_t beside_each = 256; // what JSON values take beside their text

json::object fields_of(const logging::record_view& line) {
    json::object all;
    for (const auto& each : line.fields)
        all[each.key] = to_json(each);
    return all;
}

} // namespace

message log_message(const logging::record_view& line) {
    json::object data{{"timestamp", text_of(line.time)}, {"level", to_string(line.severity)}};
    if (!line.module.empty())
        data["module"] = encoding::to_utf8(line.module);
    data["message"] = encoding::to_utf8(line.message);
    if (!line.fields.empty())
        data["fields"] = fields_of(line);
    if (line.span.valid()) {
        const auto digits = to_hex(line.span.trace);
        data["trace_id"] = std::string_view(digits.data(), digits.size());
    }
    return {.type = "log", .data = std::move(data)};
}

std::size_t size_of(const logging::record_view& line) noexcept {
    auto size = beside_each + line.module.size() + line.message.size();
    for (const auto& each : line.fields)
        size += beside_each / 4 + each.key.size() +
                (each.value.type() == field_value::kind::text ? each.value.text().size() : 0);
    return size;
}

log_lines::log_lines(const executor& ex, log_feed_options options)
    : options_(std::move(options)), process_(::getpid()), box_(ex, {.max_items = options_.max_waiting}) {}

logging::record_sink::outcome log_lines::write(std::span<const logging::record_view> records) noexcept {
    for (const auto& each : records)
        if (is_wanted(each) && !keep(each))
            drop();
    return {.taken = records.size()};
}

bool log_lines::is_closed() const noexcept { return closed_ || ::getpid() != process_; }

bool log_lines::is_wanted(const logging::record_view& line) const {
    return line.module != "realtime" && line.severity >= options_.from && (!options_.only || options_.only(line));
}

bool log_lines::keep(const logging::record_view& line) noexcept {
    const auto size = size_of(line);
    if (bytes_ + size > options_.max_waiting_bytes)
        return false;
    try {
        bytes_ += size;
        if (box_.post({log_message(line), size}))
            return true;
    } catch (const std::exception&) { // no memory
    }
    bytes_ -= size;
    return false;
}

// Where nothing waits that would wake the loop, an empty one does: it is to tell of this one, though no other may come.
void log_lines::drop() noexcept {
    ++dropped_;
    if (bytes_ > 0)
        return;
    try {
        box_.post({});
    } catch (const std::exception&) { // told with the next one
    }
}

awaitable<log_lines::batch> log_lines::take() {
    batch out;
    for (auto& each : co_await box_.receive()) {
        bytes_ -= each.size;
        if (each.size > 0)
            out.lines.push_back(std::move(each.what));
    }
    out.dropped = dropped_.exchange(0);
    co_return out;
}

void log_lines::close() {
    closed_ = true;
    box_.close();
}

} // namespace infra::realtime::feeds
