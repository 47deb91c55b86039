#pragma once

/// What is left of a document once it is parsed: steps that write it. Text of the template is in literals, ready to be
/// written; between them stand the places for values and, with steps inside, the sections. No value can change a step.

#include "placeholder.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

enum class step_kind {
    literal,
    value,    ///< `name`; without a value `text`, the tag as it is written
    target,   ///< of a link, made of `url`
    section,  ///< `inside` for each of `name`
    inverted, ///< `inside` if there is nothing of `name`
    group,    ///< `text`, `inside`, `closing`; nothing of it where nothing is inside: no empty paragraph

    // Of plain text alone, whose layout follows from what has been written:
    line,      ///< what follows begins a line
    blank,     ///< one more line end than there is
    paragraph, ///< what follows begins a paragraph
    indented,  ///< `inside` with `text` before its first line and `closing` before the others
    list,      ///< items `inside`, with `number` for the first; 0 and `text` "- " when they have none
    item,

    // Of a whole page alone:
    subject,
    preheader, ///< hidden; nothing if it is empty
    language,  ///< an attribute; nothing if it is unknown
};

struct step {
    step_kind kind;
    std::string text{};
    std::string name{};
    std::string closing{};
    parts url{};
    int number = 0;
    std::vector<step> inside{};
};
using steps = std::vector<step>;

/// Makes steps.
class step_list {
public:
    void literal(std::string_view text); ///< neighbours become one
    void add(step leaf);
    void append(steps made); ///< by another list
    void target(parts url) { add({.kind = step_kind::target, .url = std::move(url)}); }
    void tag(const part& of); ///< value, section, inverted or end

    void open(step with_inside); ///< what follows is inside, until close()
    void close();

    /// What follows is not joined to what stands before; its index.
    std::size_t mark();
    /// What is there from there on, to be compared with the parts of a target: anything but a literal looks like a value.
    parts since(std::size_t mark) const;

    steps take() && { return std::move(done_); }

private:
    steps& here() noexcept { return open_.empty() ? done_ : open_.back().inside; }
    const steps& here() const noexcept { return open_.empty() ? done_ : open_.back().inside; }
    void splice(step group);

    steps done_;
    std::vector<step> open_; // outermost first
    bool apart_ = false;     // the next literal is not joined
};

} // namespace infra::email
