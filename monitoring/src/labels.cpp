#include "labels.hpp"

#include "names.hpp"

#include <infra/base/encoding.hpp>

namespace infra::monitoring::detail {
namespace {

std::string_view cut(std::string_view value) noexcept {
    if (value.size() <= max_value_bytes)
        return value;
    auto end = max_value_bytes;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80)
        --end;
    return value.substr(0, end);
}

void append_label_value(std::string& out, std::string_view value) {
    for (const char c : value)
        switch (c) {
        case '\\': out += "\\\\"; break;
        case '"': out += "\\\""; break;
        case '\n': out += "\\n"; break;
        default: out += c;
        }
}

} // namespace

label_set::label_set(const labels& from) {
    from.for_each([this](std::string_view name, std::string_view value) { insert(name, value); });
}

label_set::label_set(std::span<const infra::label> from) {
    for (const auto& each : from)
        insert(each.name, each.value);
}

void label_set::insert(std::string_view name, std::string_view value) {
    if (size_ == max_labels) {
        too_many_ = true;
        return;
    }
    if (is_camel_case(name))
        name = *cleaned_.emplace_back(std::make_unique<std::string>(exposed_label(name)));
    std::size_t at = size_++;
    for (; at > 0 && items_[at - 1].name > name; --at)
        items_[at] = items_[at - 1];
    items_[at] = {name, clean(value)};
}

std::string_view label_set::clean(std::string_view value) {
    value = cut(value);
    if (encoding::is_utf8(value))
        return value;
    cleaned_.push_back(std::make_unique<std::string>(cut(encoding::to_utf8(value))));
    return *cleaned_.back();
}

std::string_view label_set::problem() const noexcept {
    if (too_many_)
        return "has more than 32 labels";
    for (std::size_t i = 0; i < size_; ++i) {
        if (!is_label_name(items_[i].name))
            return "has a label name that is not [a-zA-Z_][a-zA-Z0-9_]*, begins with __ or is le or quantile";
        if (i > 0 && items_[i].name == items_[i - 1].name)
            return "has a label twice";
    }
    return {};
}

std::string label_set::text() const {
    std::string out;
    for (const auto& [name, value] : items()) {
        if (!out.empty())
            out += ',';
        out.append(name).append("=\"");
        append_label_value(out, value);
        out += '"';
    }
    return out;
}

label_map label_set::map() const {
    label_map out;
    for (const auto& [name, value] : items())
        out.emplace(name, value);
    return out;
}

} // namespace infra::monitoring::detail
