-- grain: one row for each account that `cchc user` (logins of the warehouse) or `cchc account` (logins of Airflow) has made for a person
-- source: the command line; the passwords are kept by PostgreSQL and Airflow alone, as hashes
-- traps: a row gives no right by itself: PostgreSQL's and Airflow's own roles do. A login of the role `unit` without its row sees nothing

create table ops.account (
    user_name text not null,
    kind text not null,
    role text not null,
    unit_code text,
    added_at timestamptz not null,
    added_by text not null,
    constraint account_pk primary key (kind, user_name),
    constraint account_kind_ck check (kind in ('warehouse', 'airflow')),
    constraint account_role_ck check (kind <> 'warehouse' or role in ('analyst', 'dashboard', 'unit')),
    constraint account_unit_ck check (kind <> 'warehouse' or (role = 'unit') = (unit_code is not null))
);
comment on table ops.account is 'One row an account of a person: what `cchc user` and `cchc account` have made | Mỗi tài khoản của một người một dòng';
comment on column ops.account.user_name is 'Name with which the person logs in | Tên đăng nhập';
comment on column ops.account.kind is 'warehouse: a login of the database; airflow: a login of Airflow''s pages | Loại tài khoản: cơ sở dữ liệu, hoặc giao diện Airflow';
comment on column ops.account.role is 'warehouse: analyst, dashboard or unit; airflow: the name of Airflow''s role | Vai trò';
comment on column ops.account.unit_code is 'Unit whose dossiers alone the account sees; null = not confined to a unit | Đơn vị mà tài khoản chỉ được xem hồ sơ; trống là không giới hạn';
comment on column ops.account.added_at is 'When it was added, or last added anew | Thời điểm thêm';
comment on column ops.account.added_by is 'Who added it: the account of the operating system, or the name given to the command | Người thêm';
