#pragma once

/// A template, parsed once for all the mails made of it.

#include "document.hpp"

#include <infra/email/template.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::email {

struct compiled_template {
    /// Throws errc::bad_template. `first_line`: where in its file the body begins.
    explicit compiled_template(const email_template& t, std::size_t first_line = 1);

    /// A message's own words, without places.
    compiled_template(std::string subject, const marked_text& body);

    /// Whether `t` still says what this was made of: its fields are the caller's, who may have changed them.
    bool is_of(const email_template& t) const noexcept;

    steps subject;
    steps preheader;
    steps html; ///< of the whole page
    steps text;
    std::optional<address> from;
    std::vector<std::string> unknown; ///< tags that are none of ours
    std::size_t html_size = 0;        ///< without values
    std::size_t text_size = 0;

private:
    email_template source_;
};

/// `t`'s, or one made now.
std::shared_ptr<const compiled_template> compiled(const email_template& t);

} // namespace infra::email
