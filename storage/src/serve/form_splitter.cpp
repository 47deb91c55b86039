#include "form_splitter.hpp"

#include "../sigv4/names.hpp"
#include "../trimmed.hpp"
#include "refusal.hpp"

#include <algorithm>
#include <utility>

namespace infra::storage::serve {
namespace {

[[noreturn]] void malformed() {
    throw refused(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}

/// Takes `; name="value"` or `; name=value` off; a quote in a value is %22 in browsers, a backslash itself.
std::optional<std::pair<std::string, std::string>> take_parameter(std::string_view& text) {
    const auto semicolon = text.find(';');
    const auto equals = text.find('=', std::min(semicolon, text.size()));
    if (equals == text.npos)
        return std::nullopt;
    auto name = sigv4::lower(trimmed(text.substr(semicolon + 1, equals - semicolon - 1)));
    text.remove_prefix(equals + 1);
    const bool quoted = text.starts_with('"');
    const auto end = std::min(quoted ? text.find('"', 1) : text.find(';'), text.size());
    std::string value(quoted ? text.substr(1, end - 1) : trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + (quoted ? 1 : 0), text.size()));
    return std::pair(std::move(name), std::move(value));
}

// Some send the whole path.
std::string base_name(std::string_view path) {
    const auto slash = path.find_last_of("/\\");
    return std::string(slash == path.npos ? path : path.substr(slash + 1));
}

void read_disposition(std::string_view value, form_item& into) {
    while (const auto parameter = take_parameter(value)) {
        if (parameter->first == "name")
            into.name = parameter->second;
        else if (parameter->first == "filename")
            into.file_name = base_name(parameter->second);
    }
    into.is_file = sigv4::same_name(into.name, "file");
}

form_item read_headers(std::string_view lines) {
    form_item made;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(line.size() + 2, lines.size()));
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = trimmed(line.substr(0, colon)),
                   value = trimmed(line.substr(std::min(colon + 1, line.size())));
        if (sigv4::same_name(name, "content-disposition"))
            read_disposition(value, made);
        else if (sigv4::same_name(name, "content-type"))
            made.content_type = value;
    }
    if (made.name.empty())
        malformed();
    return made;
}

} // namespace

std::optional<std::string> boundary_of(std::string_view content_type) {
    if (!sigv4::same_name(trimmed(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
        return std::nullopt;
    while (const auto parameter = take_parameter(content_type))
        if (parameter->first == "boundary")
            return parameter->second.empty() || parameter->second.size() > 70 ? std::nullopt
                                                                              : std::optional(parameter->second);
    return std::nullopt;
}

void form_splitter::feed(std::string_view bytes) {
    if (state_ == state::over)
        return;
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_ += bytes;
}

std::optional<form_item> form_splitter::next() {
    while (state_ != state::file && state_ != state::over) {
        if (state_ == state::field) {
            if (auto item = take_item())
                return item;
            check_bound(rest().size());
            return std::nullopt;
        }
        if (!step()) {
            check_bound(rest().size());
            return std::nullopt;
        }
        if (state_ == state::file)
            return part_;
    }
    return std::nullopt;
}

// Between fields. False: more is needed.
bool form_splitter::step() {
    if (state_ == state::start) {
        if (!take(std::string_view(delimiter_).substr(2)))
            return false;
        state_ = state::delimiter;
        return true;
    }
    if (state_ == state::delimiter) {
        if (rest().size() < 2)
            return false;
        if (rest().starts_with("--"))
            throw refused(400, "InvalidArgument", "POST requires exactly one file upload per request.");
        if (!take("\r\n"))
            return false;
        state_ = state::headers;
        return true;
    }
    const auto headers = take_up_to("\r\n\r\n");
    if (!headers)
        return false;
    if (++fields_ > max_fields)
        malformed();
    part_ = read_headers(*headers);
    state_ = part_.is_file ? state::file : state::field;
    return true;
}

std::optional<form_item> form_splitter::take_item() {
    const auto value = take_up_to(delimiter_);
    if (!value)
        return std::nullopt;
    part_.value = *value;
    state_ = state::delimiter;
    return std::move(part_);
}

std::optional<std::string> form_splitter::next_bytes() {
    if (state_ != state::file)
        return std::nullopt;
    const auto end = rest().find(delimiter_);
    // A delimiter may have begun at the end of what is there.
    const auto size =
        end != std::string_view::npos ? end : rest().size() - std::min(rest().size(), delimiter_.size() - 1);
    if (end != std::string_view::npos)
        state_ = state::over;
    std::string bytes(rest().substr(0, size));
    at_ += size;
    return bytes.empty() ? std::nullopt : std::optional(std::move(bytes));
}

std::optional<std::string_view> form_splitter::take_up_to(std::string_view mark) {
    const auto end = rest().find(mark);
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto text = rest().substr(0, end);
    at_ += end + mark.size();
    taken_ += end + mark.size();
    check_bound(0);
    return text;
}

bool form_splitter::take(std::string_view expected) {
    const auto there = rest().substr(0, expected.size());
    if (!expected.starts_with(there))
        malformed();
    if (there.size() < expected.size())
        return false;
    at_ += expected.size();
    return true;
}

void form_splitter::check_bound(std::size_t bytes) const {
    if (taken_ + bytes > max_before_file)
        throw refused(400, "MaxPostPreDataLengthExceeded",
                      "Your POST request fields preceding the upload file were too large.");
}

} // namespace infra::storage::serve
