#include "log_to_people.hpp"
#include "printable.hpp"

#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>

#include <mutex>
#include <ostream>

namespace infra::cli {
namespace {

std::mutex turn;              // of threads that report
std::ostream* told = nullptr; // guarded by turn

std::string text_of(const field_value& value) {
    using kind = field_value::kind;
    switch (value.type()) {
    case kind::null: return "null";
    case kind::boolean: return value.boolean() ? "true" : "false";
    case kind::signed_integer: return std::to_string(value.signed_integer());
    case kind::unsigned_integer: return std::to_string(value.unsigned_integer());
    case kind::floating: return json::to_text(value.floating());
    case kind::text: return std::string(value.text());
    case kind::json: return json::to_text(value.json());
    case kind::duration: return json::to_text(value.milliseconds()) + "ms";
    case kind::time: return std::string(format_rfc3339(value.time()).data(), 24);
    case kind::exception: return value.exception().what();
    case kind::error_code: return value.error_code().message();
    case kind::object: return json::to_text(value.to_json());
    }
    return {};
}

std::string line_of(const log_record& record) {
    std::string line(record.message);
    for (const auto& [key, value] : record.fields)
        line.append("  ").append(key).append("=").append(text_of(value));
    return "infra: " + printable(line) + "\n";
}

void write(const log_record& record) noexcept {
    try {
        const auto line = line_of(record);
        const std::scoped_lock lock(turn);
        if (told)
            *told << line << std::flush;
    } catch (...) { // no memory for a message
    }
}

constexpr telemetry::log_functions functions{
    .enabled = [](level l, std::string_view) noexcept { return l >= level::info; }, .write = write};

void tell(std::ostream* to) {
    const std::scoped_lock lock(turn);
    told = to;
}

} // namespace

log_to_people::log_to_people(std::ostream& to) {
    tell(&to);
    telemetry::install(&functions);
}

log_to_people::~log_to_people() {
    telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
    tell(nullptr);
}

} // namespace infra::cli
