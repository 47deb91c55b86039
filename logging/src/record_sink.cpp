#include <infra/logging/record_sink.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <boost/json/parse.hpp>

namespace infra::logging {
namespace {

// What json_text.cpp writes is JSON; of anything else its bytes are better than nothing.
json::value parsed(std::string_view text) {
    boost::json::parse_options lenient;
    lenient.max_depth = 1000;
    boost::system::error_code ec;
    auto read = boost::json::parse(text, ec, {}, lenient);
    return ec ? json::value(boost::json::string_view(text)) : read;
}

memory_record_sink::record kept(const record_view& r) {
    memory_record_sink::record out{.time = r.time,
                                   .severity = r.severity,
                                   .module = std::string(r.module),
                                   .message = std::string(r.message),
                                   .span = r.span,
                                   .sequence = r.sequence,
                                   .left_out = r.left_out};
    for (const auto& each : r.fields)
        out.fields[each.key] = to_json(each);
    out.file = r.where.file;
    out.line = r.where.line;
    return out;
}

} // namespace

json::value to_json(const record_field& f) {
    if (f.is_json)
        return parsed(f.value.text());
    if (f.value.type() == field_value::kind::text && !encoding::is_utf8(f.value.text()))
        return boost::json::string(encoding::to_utf8(f.value.text()));
    return json::to_shown_value(f.value);
}

record_sink::outcome memory_record_sink::write(std::span<const record_view> records) noexcept {
    const std::scoped_lock lock(mutex_);
    outcome result;
    try {
        for (const auto& each : records) {
            records_.push_back(kept(each));
            if (records_.size() > max_records_)
                records_.pop_front();
            ++result.taken;
        }
    } catch (...) {
        result.failure = code_of(std::current_exception());
    }
    return result;
}

std::vector<memory_record_sink::record> memory_record_sink::records() const {
    const std::scoped_lock lock(mutex_);
    return {records_.begin(), records_.end()};
}

void memory_record_sink::clear() {
    const std::scoped_lock lock(mutex_);
    records_.clear();
}

} // namespace infra::logging
