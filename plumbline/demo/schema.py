"""The raw tables: every vendor, table, column and type."""

from __future__ import annotations

import pyarrow as pa

_TYPES = {
    "s": pa.string(),
    "t": pa.timestamp("us"),
    "d": pa.date32(),
    "i": pa.int64(),
    "n": pa.int32(),
    "f": pa.float64(),
    "b": pa.bool_(),
}

_TABLES = {
    "product": {
        "workspaces": "id name crm_account_id region created_at:t updated_at:t _is_deleted:b",
        "users": "id email name user_type created_at:t updated_at:t deactivated_at:t _is_deleted:b",
        "memberships": "id workspace_id user_id role created_at:t updated_at:t ended_at:t",
        "products": "id name created_at:t updated_at:t",
        "plans": "id product_id name entitlements quantity_unit is_add_on:b list_price_usd:f "
        "created_at:t updated_at:t",
    },
    "segment": {
        "events": "event_id timestamp:t user_id workspace_id event_type properties",
    },
    "stripe": {
        "customers": "id name email currency discount metadata created:i updated:i _is_deleted:b",
        "prices": "id product nickname currency unit_amount:i recurring active:b created:i "
        "updated:i",
        "subscriptions": "id customer status currency items discount discounts livemode:b "
        "cancel_at:i start_date:i trial_start:i "
        "trial_end:i current_period_start:i current_period_end:i cancel_at_period_end:b "
        "canceled_at:i ended_at:i cancellation_details pause_collection metadata created:i "
        "updated:i _is_deleted:b",
        "subscription_schedules": "id subscription status end_behavior phases livemode:b created:i "
        "updated:i",
        "invoices": "id customer subscription status currency amount_due:i amount_paid:i "
        "period_start:i period_end:i due_date:i attempt_count:i lines "
        "pre_payment_credit_notes_amount:i post_payment_credit_notes_amount:i metadata created:i "
        "updated:i",
        "payment_failures": "id invoice customer amount:i currency failure_code metadata created:i",
    },
    "salesforce": {
        "account": "Id Name OwnerId Industry BillingCountry Type CloudFlow_Workspace_Id__c "
        "Health_Score__c:f Contract_End_Date__c:d ARR__c:f CreatedDate:t SystemModstamp:t "
        "IsDeleted:b MasterRecordId",
        "contact": "Id AccountId Name Email Title Is_Champion__c:b CreatedDate:t "
        "SystemModstamp:t IsDeleted:b",
        "campaign": "Id Name Type Status StartDate:d EndDate:d CreatedDate:t SystemModstamp:t "
        "IsDeleted:b",
        "opportunity": "Id AccountId Name Type StageName Amount:f CloseDate:d IsWon:b "
        "IsClosed:b CreatedDate:t SystemModstamp:t IsDeleted:b",
        "task": "Id AccountId WhoId OwnerId Subject Type Status ActivityDate:d CreatedDate:t "
        "SystemModstamp:t IsDeleted:b",
        "note": "Id ParentId OwnerId Title Body CreatedDate:t SystemModstamp:t IsDeleted:b",
    },
    "zendesk": {
        "tickets": "id:i organization_id:i requester_id:i subject description priority status "
        "tags custom_fields created_at:t updated_at:t _is_deleted:b",
        "ticket_comments": "id:i ticket_id:i author_id:i author_role public:b body created_at:t",
        "satisfaction_ratings": "id:i ticket_id:i score created_at:t updated_at:t",
    },
    "surveys": {
        "nps_responses": "id survey_id score:n comment person_email properties created_at:t "
        "updated_at:t",
    },
    "academy": {
        "onboarding_steps": "id account_id step_name due_date:d completed_at:t created_at:t "
        "updated_at:t",
        "course_enrolments": "id account_id contact_id course_name status invited_at:t "
        "attended_at:t updated_at:t",
    },
    "cs_platform": {
        "interventions": "id account_id csm_id playbook channel risk_reason status occurred_at:t "
        "outcome minutes:i created_at:t updated_at:t",
        "key_contact_changes": "id account_id contact_id role change changed_at:t created_at:t",
        "business_reviews": "id account_id scheduled_at:t held_at:t status goals created_at:t "
        "updated_at:t",
        "experiment_assignments": "id experiment_name account_id variant assigned_at:t",
    },
    "dashboards": {
        "dashboard_views": "id dashboard_name viewer_id viewed_at:t",
    },
}


def _schema(columns: str) -> pa.Schema:
    fields = []
    for column in f"{columns} _extracted_at:t".split():
        name, _, kind = column.partition(":")
        fields.append(pa.field(name, _TYPES[kind or "s"]))
    return pa.schema(fields)


SCHEMAS: dict[tuple[str, str], pa.Schema] = {
    (vendor, table): _schema(columns)
    for vendor, tables in _TABLES.items()
    for table, columns in tables.items()
}
"""Arrow schema of every raw table by (vendor, table)."""
