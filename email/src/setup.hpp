#pragma once

/// What a mailer is made of.

#include "instruments.hpp"
#include "template/cache.hpp"

#include <infra/email/mailer.hpp>

#include <memory>
#include <string_view>

namespace infra::email {

struct mailer_setup {
    /// Throws std::invalid_argument for bad options.
    explicit mailer_setup(mailer_options o);

    const std::shared_ptr<transport>& to() const noexcept { return options.transport; }
    std::string_view transport_name() const noexcept { return options.transport->name(); }
    clock& time() const noexcept { return *options.time; }
    blocking_pool& pool() const;

    const mailer_options options; ///< checked, and with a transport
    const instruments metrics;
    const std::shared_ptr<template_cache> templates; ///< jobs of the pool may outlive us
};

} // namespace infra::email
