#pragma once

#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "broker/net/dispatcher.h"
#include "broker/quorum/controller_runtime.h"

namespace hw::broker {

/// Base class of handlers whose answer is a decision of the controller, on a controller's listener.
/// The answer is sent when its records are committed; later requests of the connection do not wait
/// for it.
template <class Request, class Result>
class ControllerHandler : public MessageHandler<Request> {
public:
    explicit ControllerHandler(ControllerRuntime& controller) : controller_(controller) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const Request& request) override {
        const bool is_allowed = !exchange->api().cluster_action ||
                                exchange->context().allows(Operation::cluster_action, kCluster);
        if (!is_allowed) {
            Result denied;
            denied.refusal = {wire::ErrorCode::cluster_authorization_failed,
                              "only members of the cluster may ask for this"};
            reply(*exchange, request, denied);
            return this->done();
        }
        // The request lives as long as the exchange.
        decide(request, [this, &request, exchange = std::move(exchange)](const Result& result) {
            finish(*exchange, request, result);
        });
        return this->done();
    }

    /// Calls `then` with the controller's decision, once it is committed.
    template <class Then>
    void decide(const Request& request, Then then) {
        controller_.handle(request, [then = std::move(then)](
                                        const controller::ControllerResponse& response) mutable {
            then(std::get<Result>(response));
        });
    }
    /// Maximum number of topics in one request: a decision must fit in one batch of records.
    static constexpr std::size_t kMaxTopics = controller::RecordBatch::kMaxRecords;

    /// Refuses a request that names more than kMaxTopics topics, with an error for each. Returns
    /// whether it refused.
    [[nodiscard]] bool refuse_too_many(Exchange& exchange, const Request& request,
                                       std::size_t topics) const {
        if (topics <= kMaxTopics) {
            return false;
        }
        Result refused;
        refused.refusal = {
            wire::ErrorCode::policy_violation,
            fmt::format("{} topics in one request are over the limit of {}", topics, kMaxTopics)};
        reply(exchange, request, refused);
        return true;
    }

    /// Like `decide`, for the part `allowed` of `request`. The `denied` items are added to the
    /// `items` of the result.
    template <class Item>
    void decide_part(ExchangePtr exchange, const Request& request, const Request& allowed,
                     std::vector<Item> Result::* items, std::vector<Item> denied) {
        decide(allowed, [this, &request, items, denied = std::move(denied),
                         exchange = std::move(exchange)](Result result) {
            // If the whole request is refused, `reply` gives that error to every item of it.
            if (result.refusal.code == wire::ErrorCode::none) {
                (result.*items).insert((result.*items).end(), denied.begin(), denied.end());
            }
            finish(*exchange, request, result);
        });
    }
    /// The committed metadata.
    [[nodiscard]] const controller::MetadataImage& image() const {
        return controller_.controller().committed();
    }

    /// Makes the response message and sends it.
    virtual void reply(Exchange& exchange, const Request& request, const Result& result) const = 0;

private:
    void finish(Exchange& exchange, const Request& request, const Result& result) const {
        exchange.set_error(result.refusal.code);
        reply(exchange, request, result);
    }

    ControllerRuntime& controller_;
};

}  // namespace hw::broker
