#pragma once

// What the parts of the panel share.

#include "mail_panel.hpp"

#include <infra/runtime/default_runtime.hpp>

#include <memory>

namespace infra::dashboard {

using shared_mail = std::shared_ptr<const mail_source>;

inline blocking_pool& pool_of(const shared_mail& from) { return from->pool ? *from->pool : default_blocking_pool(); }

// Each adds its routes.
void add_outbox(board& on, const shared_mail& from);
void add_templates(board& on, const shared_mail& from);

json::value document_of(const sent_mail& one);

} // namespace infra::dashboard
