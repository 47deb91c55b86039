#include "prometheus_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace infra::cli {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; }

std::optional<double> number(std::string_view text) {
    if (text.starts_with('+'))
        text.remove_prefix(text.starts_with("+-") ? 0 : 1);
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = !text.empty() && end == text.data() + text.size();
    return whole && problem == std::errc() ? std::optional(value) : std::nullopt;
}

/// One line. What it finds lies in the line, or in `unescaped`, where there is room for all of it from the beginning.
class sample_line {
public:
    sample_line(std::string_view line, std::vector<metric_label>& labels, std::string& unescaped)
        : rest_(line), labels_(labels), unescaped_(unescaped) {
        labels_.clear();
        unescaped_.clear();
        unescaped_.reserve(line.size());
    }

    std::optional<metric_sample> read() {
        const auto name = take_name();
        if (name.empty() || !take_labels())
            return std::nullopt;
        const auto value = number(take_word());
        const auto time = take_word(); // of the sample, which nobody here asks for
        if (!value || (!time.empty() && !number(time)) || !rest_.empty())
            return std::nullopt;
        return metric_sample{name, labels_, *value};
    }

private:
    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_.front()))
            rest_.remove_prefix(1);
    }

    bool take(char c) {
        skip_blanks();
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view take_front(std::size_t n) {
        const auto front = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return front;
    }

    std::string_view take_name() {
        skip_blanks();
        if (rest_.empty() || !begins_name(rest_.front()))
            return {};
        const auto end = std::ranges::find_if_not(rest_, [](char c) { return begins_name(c) || is_digit(c); });
        return take_front(static_cast<std::size_t>(end - rest_.begin()));
    }

    std::string_view take_word() {
        skip_blanks();
        const auto word = take_front(static_cast<std::size_t>(std::ranges::find_if(rest_, is_blank) - rest_.begin()));
        skip_blanks();
        return word;
    }

    bool take_labels() {
        if (!take('{'))
            return true;
        while (!take('}')) {
            const auto name = take_name();
            if (name.empty() || !take('=') || !take('"'))
                return false;
            const auto value = take_quoted();
            if (!value)
                return false;
            labels_.push_back({name, *value});
            if (!take(',') && !(skip_blanks(), rest_.starts_with('}')))
                return false;
        }
        return true;
    }

    // Up to the quotation mark, and over it.
    std::optional<std::string_view> take_quoted() {
        const auto end = rest_.find_first_of("\\\"");
        if (end == std::string_view::npos)
            return std::nullopt;
        if (rest_[end] == '"') {
            const auto value = take_front(end);
            rest_.remove_prefix(1);
            return value;
        }
        return take_escaped();
    }

    std::optional<std::string_view> take_escaped() {
        const auto begin = unescaped_.size();
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return std::string_view(unescaped_).substr(begin);
            }
            const bool escaped = rest_[i] == '\\' && i + 1 < rest_.size();
            i += escaped ? 1 : 0;
            unescaped_ += escaped && rest_[i] == 'n' ? '\n' : rest_[i];
        }
        return std::nullopt;
    }

    std::string_view rest_;
    std::vector<metric_label>& labels_;
    std::string& unescaped_;
};

bool says_nothing(std::string_view line) {
    const auto begin = std::ranges::find_if_not(line, is_blank);
    return begin == line.end() || *begin == '#';
}

} // namespace

std::string_view metric_sample::label(std::string_view of) const noexcept {
    const auto found = std::ranges::find(labels, of, &metric_label::name);
    return found == labels.end() ? std::string_view() : found->value;
}

std::size_t read_metrics(std::string_view text, const std::function<void(const metric_sample&)>& take) {
    std::vector<metric_label> labels;
    std::string unescaped;
    std::size_t not_read = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (says_nothing(line))
            continue;
        if (const auto sample = sample_line(line, labels, unescaped).read())
            take(*sample);
        else
            ++not_read;
    }
    return not_read;
}

} // namespace infra::cli
