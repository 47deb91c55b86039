#pragma once

#include "../board.hpp"
#include "sent.hpp"

#include <infra/email.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace infra::dashboard {

struct mail_source {
    /// Sends again what lies in the outbox.
    std::function<email::mailer()> mailer = [] { return email::default_mailer(); };
    std::string transport{};             ///< its name
    std::optional<std::string> outbox{}; ///< the directory; empty: mail is not kept in one
    std::string templates = "emails";    ///< the directory
    std::shared_ptr<sent_mails> sent = std::make_shared<sent_mails>();
    blocking_pool* pool = nullptr; ///< where the disk is read; null: the default one
};

/// The directory of a mailer's outbox; empty: it has none.
std::optional<std::string> outbox_of(const email::mailer& of);

/// What the process's mailer tells from now on: it is replaced by one that does. Before anything is sent.
mail_source watch_default_mailer(clock& time);

/// Page `mail`: the outbox, what was sent lately, templates. README.md lists its routes.
void add_mail_panel(board on, mail_source from);

} // namespace infra::dashboard
