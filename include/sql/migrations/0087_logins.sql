-- grain: one row of ops.audit_category: the category of logins
-- source: cchc.airflow.auth_manager

insert into ops.audit_category (category, keep_days, what) values
('login', 730, 'wrong passwords were given so often that the next ones had to wait');
