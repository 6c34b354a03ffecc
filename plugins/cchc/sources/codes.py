"""The codes of the models: the allowed values of their code columns and their meaning. `codes` in a profile maps a vendor's codes to them.

docs/reference/profile.md is generated from them. tests/typed/test_vocabulary.py compares them with the rules in expectations/staging and
with the columns of the models in the database.
"""

from __future__ import annotations

STATUS = {
    "1": "mới đăng ký: registered, not accepted yet",
    "2": "được tiếp nhận: accepted",
    "3": "không được tiếp nhận: not accepted",
    "4": "đang xử lý: being processed",
    "5": "yêu cầu bổ sung: a supplement is asked of the applicant",
    "6": "yêu cầu nghĩa vụ tài chính: a financial obligation is asked of the applicant",
    "7": "công dân rút: withdrawn by the applicant",
    "8": "dừng xử lý: processing stopped",
    "9": "đã xử lý xong: processed",
    "10": "đã trả kết quả: result handed over",
}
SERVICE_LEVEL = {"2": "information only", "3": "partly online (một phần)", "4": "fully online (toàn trình)"}
TIME_UNIT = {"gio": "hours", "ngay_lam_viec": "working days", "ngay": "days", "thang": "months"}
LEVEL = {"huyen": "district", "xa": "commune"}
OPEN = {"thuong": "not secret; every other record is counted, and dropped before anything is written"}

# by model: column (or list.field) → code → meaning
CODES: dict[str, dict[str, dict[str, str]]] = {
    "dossier": {
        "status_code": STATUS,
        "result_kind_code": {
            "ket_qua": "it ended with a result",
            "tra_lai": "it was returned to the applicant",
            "xin_rut": "it was withdrawn by the applicant",
            "xin_loi": "it ended with an apology",
        },
        "channel_code": {"1": "in person", "2": "online", "3": "by public post"},
        "applicant_kind_code": {"1": "citizen", "2": "enterprise", "3": "state body", "4": "other"},
        "service_level": SERVICE_LEVEL,
        "processing_time_unit": TIME_UNIT,
        "return_method_code": {"0": "at the counter", "1": "by post"},
        "submitted_on_code": {"1": "on the national portal", "2": "on the provincial system"},
        "paid_online_code": {"0": "not paid online", "1": "on the national portal", "2": "on the provincial gateway"},
        "papers.reuse_code": {"0": "not reused", "1": "reused", "2": "reused, too: the score counts 1 and 2 alike"},
        "fees.collected_code": {"1": "at reception", "2": "at a supplement", "4": "at the return of the result"},
    },
    "dossier_step": {"status_code": STATUS},
    "procedure": {
        "performing_level_code": LEVEL,
        "service_level": SERVICE_LEVEL,
        "processing_time_unit": TIME_UNIT,
        "status_code": {"cong_khai": "published", "bai_bo": "abolished"},
    },
    "assessment": {
        "rating_code": {
            "rat_hai_long": "very satisfied",
            "hai_long": "satisfied",
            "binh_thuong": "neither",
            "khong_hai_long": "not satisfied",
        }
    },
    "document": {"direction_code": {"den": "incoming", "di": "outgoing"}, "secrecy_code": OPEN},
    "work_file": {
        "level_code": LEVEL,
        "handling_code": {"dien_tu": "electronic", "giay": "on paper", "ket_hop": "both"},
        "secrecy_code": OPEN,
    },
    "signature": {"certificate_kind_code": {"ca_nhan": "of a person", "co_quan": "of the office"}},
    "leader": {"leader_level_code": {"cap_huyen": "of the district", "cap_phong": "of an office", "cap_xa": "of a commune"}},
    "payment": {
        "kind_code": {"PAY": "payment", "REFUND": "refund"},
        "status_code": {"1": "success", "3": "pending", "4": "failed"},
        "method_code": {
            "truc-tuyen": "online",
            "the": "card",
            "qr": "QR code",
            "chuyen-khoan": "bank transfer",
            "tien-mat": "cash",
            "mien-phi": "exempt: successful, 0 VND",
        },
        "channel_code": {"1": "national portal", "2": "provincial gateway", "3": "counter"},
    },
    "feedback": {
        "channel_code": {"1022": "the 1022 switchboard", "dvcqg": "the national portal", "tinh": "the province's portal"},
        "status_code": {
            "cho_tiep_nhan": "waits to be accepted",
            "dang_xu_ly": "being handled",
            "da_xu_ly": "handled",
            "tu_choi": "refused",
            "chuyen_don_vi": "passed on to another unit",
        },
        "rating_code": {"hai_long": "satisfied", "khong_hai_long": "not satisfied"},
    },
    "survey_answer": {
        "score": {"1": "very dissatisfied", "2": "dissatisfied", "3": "neither", "4": "satisfied", "5": "very satisfied"},
    },
    "declared_figure": {},
}

# code columns with words of the source or of lists in this project; the rules of a single row refuse none of their values
OWN_WORDS: dict[str, str] = {
    "answer_code": "number of the answer",
    "assessment_code": "number of the assessment",
    "bank_code": "the bank, as the gateway calls it",
    "case_code": "case of the procedure",
    "document_code": "number of the document",
    "document_type_code": "abbreviation of Decree 30/2020: KH, QĐ, BC, CV …",
    "dossier_code": "number of the dossier",
    "error_code": "result code of the gateway; 00 is success",
    "feedback_code": "number of the feedback",
    "field_code": "field of administration",
    "handling_unit_code": "unit of the authority's units.csv or of the profile's `units`",
    "indicator_code": "an indicator of include/reference/indicators.yaml",
    "issuing_unit_code": "who issued it, as the source calls it",
    "node_code": "node of the workflow",
    "order_code": "reference of the order",
    "other_dossier_code": "second number of the same dossier",
    "person_code": "number of a person in the source",
    "procedure_code": "number of the procedure, d.dddddd",
    "receiving_unit_code": "unit of the authority's units.csv or of the profile's `units`",
    "refunded_order_code": "the order that a refund gives back",
    "repeated_code": "the first feedback that this one repeats",
    "signature_code": "number of the signature",
    "step_code": "number of the step",
    "transaction_code": "number of the transaction",
    "unit_code": "unit of the authority's units.csv or of the profile's `units`",
    "urgency_code": "urgency, as the source calls it",
    "work_file_code": "number of the work file",
}
