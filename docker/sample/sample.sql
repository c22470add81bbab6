-- A web shop to try migrations with: about 200 MB in 5 schemas, on PostgreSQL 10 and newer, in some 10 seconds.
--
--   createdb shop
--   psql -X -v scale=1 -d shop -f sample.sql
--
-- scale multiplies the rows of the big tables (0.01 is enough for a quick test; 5 makes about 1 GB). Everything happens
-- in one transaction: it is there whole or not at all. The data is the same on each run and each server: no random(),
-- no now(), large objects with fixed numbers. Keys and triggers come after the rows, which is how to load fast.
\set ON_ERROR_STOP on
\set QUIET on
\if :{?scale}
\else
\set scale 1
\endif
set client_min_messages = warning;
set timezone = 'UTC';
set search_path = pg_catalog;
select current_setting('server_version_num')::int >= 110000 as partitioned_keys,
       current_setting('server_version_num')::int >= 120000 as keys_to_partitioned,
       greatest((5000 * :scale)::int, 50) as products,
       greatest((40000 * :scale)::int, 100) as customers,
       greatest((130000 * :scale)::int, 200) as orders,
       greatest((110000 * :scale)::int, 200) as changes \gset
\timing off
begin;

-- Helpers of this script only: they go with the session ---------------------------------------------------------------

-- A number from 0 to 2^25-1 that looks random and is always the same for the same arguments.
create function pg_temp.mix(n bigint, salt bigint) returns bigint language sql immutable as
$$ select ((n + salt * 7919) * 2654435761 % 4294967296) >> 7 $$;

create function pg_temp.pick(list text[], n bigint) returns text language sql immutable as
$$ select list[1 + n % array_length(list, 1)] $$;

-- Text that does not compress, so that it is stored out of line (TOAST).
create function pg_temp.noise(seed text, blocks int) returns text language sql immutable as
$$ select string_agg(md5(seed || '/' || i), case when i % 4 = 0 then E'\n' else ' ' end order by i)
   from generate_series(1, blocks) i $$;

-- Runs a statement with the name of each partition in place of %s. PostgreSQL 10 has no keys and indexes on
-- partitioned tables, only on their partitions.
create function pg_temp.on_each_partition(parent regclass, statement text) returns void language plpgsql as $$
declare
  partition regclass;
begin
  for partition in select inhrelid from pg_inherits where inhparent = parent order by 1 loop
    execute format(statement, partition);
  end loop;
end $$;

-- 24 months from January 2024, and one partition for all that comes after.
create function pg_temp.make_partitions(schema_name text, table_name text) returns void language plpgsql as $$
declare
  month date;
begin
  for i in 0..23 loop
    month := (date '2024-01-01' + make_interval(months => i))::date;
    execute format('create table %I.%I partition of %I.%I for values from (%L) to (%L)', schema_name,
                   table_name || to_char(month, '_YYYY_MM'), schema_name, table_name,
                   month, (month + interval '1 month')::date);
  end loop;
  execute format('create table %I.%I partition of %I.%I for values from (%L) to (maxvalue)', schema_name,
                 table_name || '_later', schema_name, table_name, date '2026-01-01');
end $$;

\set first_names 'array[''Anna'',''Ben'',''Chiara'',''Dmitri'',''Élodie'',''Farid'',''Grace'',''Hiroshi'',''Ingrid'',''José'',''Katarzyna'',''Liam'',''Mei'',''Noah'',''Olga'',''Priya'',''Quentin'',''Rosa'',''Søren'',''Thandiwe'',''Uma'',''Viktor'',''Wei'',''Ximena'',''Yusuf'',''Zoë'',''Žofia'']'
\set last_names 'array[''Almeida'',''Becker'',''Costa'',''Dubois'',''Eriksson'',''Ferrari'',''García'',''Haddad'',''Ivanova'',''Jensen'',''Kowalski'',''Larsen'',''Müller'',''Nakamura'',''O''''Brien'',''Patel'',''Quispe'',''Rossi'',''Schmidt'',''Tanaka'',''Ueda'',''Varga'',''Williams'',''Xu'',''Yılmaz'',''Zhang'',''van den Berg'',''李'',''Núñez'']'
\set cities 'array[''Amsterdam'',''Barcelona'',''Chicago'',''Dublin'',''Edinburgh'',''Firenze'',''Göteborg'',''Helsinki'',''İstanbul'',''Jakarta'',''Kraków'',''Lyon'',''München'',''Nairobi'',''Oslo'',''Porto'',''Québec'',''Roma'',''São Paulo'',''東京'',''Utrecht'',''Wien'',''Zürich'']'
\set countries 'array[''NL'',''ES'',''US'',''IE'',''GB'',''IT'',''SE'',''FI'',''TR'',''ID'',''PL'',''FR'',''DE'',''KE'',''NO'',''PT'',''CA'',''IT'',''BR'',''JP'',''NL'',''AT'',''CH'']'
\set streets 'array[''Oak Street'',''Station Road'',''Hauptstraße'',''Rue de la Paix'',''Via Roma'',''Keizersgracht'',''Calle Mayor'',''Elm Avenue'',''Kongens gate'',''Mill Lane'',''Lindenweg'']'
\set materials 'array[''Oak'',''Steel'',''Copper'',''Linen'',''Bamboo'',''Glass'',''Ceramic'',''Walnut'',''Cotton'',''Leather'',''Granite'',''Cork'',''Malachite'']'
\set things 'array[''Desk'',''Lamp'',''Kettle'',''Chair'',''Bookshelf'',''Teapot'',''Blanket'',''Cutting Board'',''Vase'',''Stool'',''Mirror'',''Coat Rack'',''Planter'',''Clock'',''Bowl'',''Frying Pan'',''Pillow'']'
\set colours 'array[''natural'',''black'',''white'',''forest green'',''navy'',''terracotta'',''sand'']'

-- Schemas, types --------------------------------------------------------------------------------------------------------

create schema hr;
create schema catalog;
create schema inventory;
create schema sales;
create schema audit;

create type hr.employment as enum ('permanent', 'fixed term', 'apprentice');
create type sales.order_status as enum ('pending', 'paid', 'packed', 'shipped', 'delivered', 'returned', 'cancelled');
create type sales.payment_method as enum ('card', 'transfer', 'invoice', 'gift card');
create type sales.postal_address as (street text, house_number text, postcode text, city text, country char(2));
create domain sales.email_address as text check (value ~ '^[^@[:space:]]+@[^@[:space:]]+$');
create domain sales.amount as numeric(12, 2) not null check (value >= 0);
create domain catalog.sku as text check (value ~ '^[A-Z]{3}-[0-9]{6,}$');
create sequence sales.invoice_number start with 100000 increment by 1 cache 1;

-- Tables ------------------------------------------------------------------------------------------------------------------

create table hr.departments (
  department_id smallint not null,
  name text not null,
  cost_centre char(6) not null
);
create table hr.employees (
  employee_id integer generated by default as identity,
  department_id smallint not null,
  manager_id integer,
  first_name text not null,
  last_name text not null,
  email sales.email_address not null,
  employment hr.employment not null default 'permanent',
  hired_on date not null,
  working_hours interval not null default '40 hours',
  salary numeric(10, 2) not null check (salary > 0)
);

create table catalog.brands (brand_id serial, name text not null, website text);
create table catalog.categories (
  category_id integer not null,
  parent_id integer,
  name text not null,
  position real not null default 0
);
create table catalog.products (
  product_id bigint generated by default as identity,
  sku catalog.sku not null,
  name text not null,
  brand_id integer not null,
  category_id integer not null,
  price sales.amount,
  weight_kg double precision,
  tags text[] not null default '{}',
  attributes jsonb not null default '{}',
  description text not null,
  thumbnail bytea,
  discontinued boolean not null default false,
  buyer_id integer,
  updated_at timestamp with time zone not null default now()
);
create table catalog.product_manuals (
  product_id bigint not null,
  language char(2) not null,
  content oid not null
);
create table catalog.promotions (
  promotion_id integer generated always as identity,
  name text not null,
  period daterange not null,
  discount numeric(4, 3) not null check (discount between 0 and 1)
);

create table inventory.warehouses (
  warehouse_id smallint not null,
  name text not null,
  location point not null,
  opens time not null,
  manager_id integer
);
create table inventory.stock (
  warehouse_id smallint not null,
  product_id bigint not null,
  quantity integer not null check (quantity >= 0),
  counted_on date not null
) with (fillfactor = 80);

create table sales.customers (
  customer_id bigint generated by default as identity,
  email sales.email_address not null,
  first_name text not null,
  last_name text not null,
  address sales.postal_address,
  phone text,
  newsletter boolean not null default false,
  preferences jsonb,
  registered_at timestamp with time zone not null,
  updated_at timestamp with time zone not null default now()
);
create table sales.orders (
  order_id bigint not null,
  ordered_on date not null,
  customer_id bigint not null,
  status sales.order_status not null default 'pending',
  handled_by integer,
  total sales.amount,
  ship_to sales.postal_address,
  note text,
  placed_at timestamp with time zone not null
) partition by range (ordered_on);
select pg_temp.make_partitions('sales', 'orders') \g /dev/null
create sequence sales.orders_order_id_seq owned by sales.orders.order_id;
alter table sales.orders alter order_id set default nextval('sales.orders_order_id_seq');
create table sales.order_items (
  order_id bigint not null,
  line_no smallint not null,
  ordered_on date not null,
  product_id bigint not null,
  quantity integer not null check (quantity > 0),
  unit_price sales.amount
);
create table sales.payments (
  payment_id bigint generated by default as identity,
  order_id bigint not null,
  ordered_on date not null,
  method sales.payment_method not null,
  amount sales.amount,
  reference uuid not null,
  paid_at timestamp with time zone not null
);
create table sales.invoices (
  invoice_no bigint not null default nextval('sales.invoice_number'),
  order_id bigint not null,
  ordered_on date not null,
  document text not null
);
alter sequence sales.invoice_number owned by sales.invoices.invoice_no;

create table audit.changes (
  change_id bigint not null,
  changed_on date not null,
  changed_at timestamp with time zone not null,
  relation text not null,
  operation char(1) not null check (operation in ('I', 'U', 'D')),
  row_key text not null,
  before jsonb,
  after jsonb,
  client inet
) partition by range (changed_on);
select pg_temp.make_partitions('audit', 'changes') \g /dev/null
create sequence audit.change_id;
alter table audit.changes alter change_id set default nextval('audit.change_id');

-- Rows --------------------------------------------------------------------------------------------------------------------

insert into hr.departments
select i, pg_temp.pick(array['Purchasing','Sales','Warehouse','Customer Care','Finance','IT','Design','Logistics'], i - 1),
       'CC' || lpad((i * 137)::text, 4, '0')
from generate_series(1, 8) i;

insert into hr.employees
select i, 1 + i % 8, nullif(i / 10, 0), pg_temp.pick(:first_names, pg_temp.mix(i, 1)),
       pg_temp.pick(:last_names, pg_temp.mix(i, 2)), 'employee' || i || '@shop.example',
       (enum_range(null::hr.employment))[1 + pg_temp.mix(i, 3) % 3], date '2009-03-02' + (pg_temp.mix(i, 4) % 5500)::int,
       make_interval(hours => 20 + 4 * (pg_temp.mix(i, 5) % 6)::int), 28000 + pg_temp.mix(i, 6) % 70000 + 0.5
from generate_series(1, 300) i;
select setval('hr.employees_employee_id_seq', 300) \g /dev/null

insert into catalog.brands
select i, pg_temp.pick(:last_names, i) || ' & ' || pg_temp.pick(array['Sons','Daughters','Partners'], i),
       'https://brand-' || i || '.example/'
from generate_series(1, 60) i;
select setval('catalog.brands_brand_id_seq', 60) \g /dev/null

insert into catalog.categories
select i, case when i > 6 then 1 + (i - 7) % 6 end,
       case when i <= 6 then pg_temp.pick(array['Kitchen','Office','Living Room','Bedroom','Garden','Hall'], i - 1)
            else pg_temp.pick(:things, i) || 's' end, i / 4.0
from generate_series(1, 40) i;

insert into catalog.products
select i, 'SHP-' || lpad(i::text, 6, '0'),
       pg_temp.pick(:materials, pg_temp.mix(i, 11)) || ' ' || pg_temp.pick(:things, pg_temp.mix(i, 12)) || ' No. ' || i,
       1 + pg_temp.mix(i, 13) % 60, 7 + pg_temp.mix(i, 14) % 34, 3 + pg_temp.mix(i, 15) % 90000 / 100.0,
       pg_temp.mix(i, 16) % 25000 / 1000.0,
       array[lower(pg_temp.pick(:materials, pg_temp.mix(i, 11))), pg_temp.pick(:colours, pg_temp.mix(i, 17))],
       jsonb_build_object('colour', pg_temp.pick(:colours, pg_temp.mix(i, 17)), 'warranty_years', i % 5,
                          'size_cm', jsonb_build_array(10 + i % 190, 10 + i % 70, 5 + i % 40),
                          'handmade', i % 7 = 0, 'origin', pg_temp.pick(:countries, pg_temp.mix(i, 18))),
       'A ' || lower(pg_temp.pick(:things, pg_temp.mix(i, 12))) || ' made of ' ||
         lower(pg_temp.pick(:materials, pg_temp.mix(i, 11))) || E', shipped from stock.\n' ||
         case when i % 3 = 0 then pg_temp.noise('product ' || i, 160) else repeat('Care: wipe with a dry cloth. ', 4) end,
       decode(md5('a' || i) || md5('b' || i) || md5('c' || i) || md5('d' || i), 'hex'),
       i % 29 = 0, 1 + pg_temp.mix(i, 19) % 300, timestamptz '2024-01-01 08:00+00' + make_interval(hours => i % 17000)
from generate_series(1, :products) i;
select setval('catalog.products_product_id_seq', :products) \g /dev/null

-- 20 large objects of 90 to 240 kB.
insert into catalog.product_manuals
select i, pg_temp.pick(array['en','de','fr','es'], i),
       lo_from_bytea((900000 + i)::oid, (select string_agg(decode(md5(i || '.' || j), 'hex'), ''::bytea order by j)
                                         from generate_series(1, 5500 + 500 * i) j))
from generate_series(1, 20) i;
comment on large object 900001 is 'Manual of the first product';

insert into catalog.promotions (name, period, discount)
select pg_temp.pick(array['Spring Sale','Summer Sale','Back to Work','Winter Sale'], i) || ' ' || 2024 + i / 4,
       daterange(date '2024-03-01' + i * 91, date '2024-03-15' + i * 91), 0.05 * (1 + i % 5)
from generate_series(0, 7) i;

insert into inventory.warehouses
select i, 'Warehouse ' || pg_temp.pick(:cities, i * 3), point(4.5 + i, 52.25 - i / 2.0), make_time(5 + i, 30, 0), i * 11
from generate_series(1, 6) i;

insert into inventory.stock
select w, p, pg_temp.mix(p, w) % 400, date '2025-11-01' + (pg_temp.mix(p, w + 20) % 60)::int
from generate_series(1, 6) w, generate_series(1, :products) p
where pg_temp.mix(p, w) % 4 > 0;

insert into sales.customers
select i, 'customer' || i || '@' || pg_temp.pick(array['mail','post','inbox'], i) || '.example',
       pg_temp.pick(:first_names, pg_temp.mix(i, 31)), pg_temp.pick(:last_names, pg_temp.mix(i, 32)),
       row(pg_temp.pick(:streets, pg_temp.mix(i, 33)), 1 + i % 180, lpad((i % 90000)::text, 5, '1'),
           pg_temp.pick(:cities, pg_temp.mix(i, 34)), pg_temp.pick(:countries, pg_temp.mix(i, 34)))::sales.postal_address,
       case when i % 3 > 0 then '+31 20 ' || lpad((pg_temp.mix(i, 35) % 10000000)::text, 7, '0') end, i % 5 = 0,
       case when i % 2 = 0 then jsonb_build_object('language', pg_temp.pick(array['en','de','fr','es'], i / 2),
                                                   'interests', jsonb_build_array(pg_temp.pick(:things, pg_temp.mix(i, 36)),
                                                                                  pg_temp.pick(:things, pg_temp.mix(i, 37)))) end,
       timestamptz '2022-05-01 00:00+00' + make_interval(mins => i % 700000),
       timestamptz '2024-01-01 00:00+00' + make_interval(mins => i)
from generate_series(1, :customers) i;
select setval('sales.customers_customer_id_seq', :customers) \g /dev/null

insert into sales.order_items
select o, l, date '2024-01-01' + (o * 731::bigint / (:orders + 1))::int, p.product_id, 1 + pg_temp.mix(o, l) % 4, p.price
from generate_series(1, :orders) o, generate_series(1, 5) l,
     lateral (select 1 + pg_temp.mix(o, l + 40) % :products as id) chosen
     join catalog.products p on p.product_id = chosen.id
where l <= 1 + o % 5
order by o, l;

insert into sales.orders
select i.order_id, i.ordered_on, 1 + pg_temp.mix(i.order_id, 51) % :customers,
       case when i.ordered_on < '2025-12-01' 
              then (array['delivered','delivered','delivered','delivered','delivered','delivered','delivered','returned','cancelled']
                   ::sales.order_status[])[1 + pg_temp.mix(i.order_id, 52) % 9]
            else (enum_range(null::sales.order_status))[1 + pg_temp.mix(i.order_id, 53) % 5] end,
       1 + pg_temp.mix(i.order_id, 54) % 300, i.total,
       case when i.order_id % 4 = 0 then row(pg_temp.pick(:streets, i.order_id), i.order_id % 90, lpad((i.order_id % 99999)::text, 5, '2'),
                                             pg_temp.pick(:cities, i.order_id), pg_temp.pick(:countries, i.order_id))::sales.postal_address end,
       case when i.order_id % 9 = 0 then pg_temp.pick(array['Please ring twice.','Leave it with the neighbours.','Gift: no invoice in the parcel!'], i.order_id / 9) end,
       i.ordered_on::timestamp at time zone 'UTC' + make_interval(secs => pg_temp.mix(i.order_id, 55) % 86400)
from (select order_id, ordered_on, sum(quantity * unit_price) as total from sales.order_items group by 1, 2 order by 1) i;
select setval('sales.orders_order_id_seq', :orders) \g /dev/null

insert into sales.payments
select order_id, order_id, ordered_on, (enum_range(null::sales.payment_method))[1 + pg_temp.mix(order_id, 61) % 4], total,
       md5('payment ' || order_id)::uuid, placed_at + make_interval(mins => (pg_temp.mix(order_id, 62) % 4000)::int)
from sales.orders where status not in ('pending', 'cancelled') order by order_id;
select setval('sales.payments_payment_id_seq', :orders) \g /dev/null

insert into sales.invoices
select 100000 + order_id / 25, order_id, ordered_on,
       '<invoice order="' || order_id || '" total="' || total || E'">\n' || pg_temp.noise('invoice ' || order_id, 130) || E'\n</invoice>'
from sales.orders where order_id % 25 = 0 order by order_id;
select setval('sales.invoice_number', 100000 + :orders / 25) \g /dev/null

insert into audit.changes
select i, date '2024-01-01' + (i * 731::bigint / (:changes + 1))::int,
       (date '2024-01-01' + (i * 731::bigint / (:changes + 1))::int)::timestamp at time zone 'UTC' + make_interval(secs => i % 86400),
       pg_temp.pick(array['sales.orders','sales.customers','catalog.products','inventory.stock'], pg_temp.mix(i, 71)),
       pg_temp.pick(array['U','U','I','U','D'], pg_temp.mix(i, 72)), (pg_temp.mix(i, 73) % :orders)::text,
       case when i % 4 > 0 then jsonb_build_object('status', 'pending', 'quantity', i % 90, 'by', pg_temp.pick(:first_names, pg_temp.mix(i, 74))) end,
       jsonb_build_object('status', 'shipped', 'quantity', i % 91, 'carrier', pg_temp.pick(array['DHL','UPS','PostNL','DPD'], i),
                          'note', pg_temp.pick(:things, pg_temp.mix(i, 75)) || ' for ' || pg_temp.pick(:cities, pg_temp.mix(i, 76))),
       ('10.' || i % 4 || '.' || pg_temp.mix(i, 77) % 250 || '.' || 1 + i % 250)::inet
from generate_series(1, :changes) i;
select setval('audit.change_id', :changes) \g /dev/null

-- Keys and indexes ----------------------------------------------------------------------------------------------------------

alter table hr.departments add primary key (department_id), add unique (name);
alter table hr.employees add primary key (employee_id), add unique (email);
alter table catalog.brands add primary key (brand_id);
alter table catalog.categories add primary key (category_id);
alter table catalog.products add primary key (product_id), add constraint products_sku_unique unique (sku);
alter table catalog.product_manuals add primary key (product_id, language);
alter table catalog.promotions add primary key (promotion_id),
  add constraint promotions_do_not_overlap exclude using gist (period with &&);
alter table inventory.warehouses add primary key (warehouse_id);
alter table inventory.stock add primary key (warehouse_id, product_id);
alter table sales.customers add primary key (customer_id);
alter table sales.order_items add primary key (order_id, line_no);
alter table sales.payments add primary key (payment_id), add unique (reference);
alter table sales.invoices add primary key (invoice_no);

create index products_by_name on catalog.products (name text_pattern_ops, price desc);
create index products_by_attribute on catalog.products using gin (attributes jsonb_path_ops);
create index products_by_tag on catalog.products using gin (tags);
create index products_by_word on catalog.products using gin (to_tsvector('english', name || ' ' || left(description, 100)));
create index products_on_offer on catalog.products (category_id, price) where not discontinued;
create unique index customers_by_email on sales.customers (lower(email));
create index customers_by_name on sales.customers (last_name, first_name);
create index customers_by_preference on sales.customers using gin (preferences);
create index customers_by_city on sales.customers (((address).city)) where newsletter;
create index order_items_by_product on sales.order_items (product_id);
create index payments_by_order on sales.payments (order_id, ordered_on);
create index warehouses_by_location on inventory.warehouses using gist (location);
create index employees_by_department on hr.employees using hash (department_id);
\if :partitioned_keys
alter table sales.orders add primary key (order_id, ordered_on);
create index orders_by_customer on sales.orders (customer_id, ordered_on desc);
create index orders_by_year on sales.orders ((extract(year from ordered_on)), status);
create index orders_to_do on sales.orders (placed_at) where status in ('pending', 'paid', 'packed');
alter table audit.changes add primary key (change_id, changed_on);
create index changes_by_row on audit.changes (relation, row_key);
create index changes_by_value on audit.changes using gin (after jsonb_path_ops);
\else
select pg_temp.on_each_partition('sales.orders', s), '' from (values
  ('alter table %s add primary key (order_id, ordered_on)'),
  ('create index on %s (customer_id, ordered_on desc)'),
  ('create index on %s ((extract(year from ordered_on)), status)'),
  ('create index on %s (placed_at) where status in (''pending'', ''paid'', ''packed'')')) v(s) \g /dev/null
select pg_temp.on_each_partition('audit.changes', s), '' from (values
  ('alter table %s add primary key (change_id, changed_on)'),
  ('create index on %s (relation, row_key)'),
  ('create index on %s using gin (after jsonb_path_ops)')) v(s) \g /dev/null
\endif

alter table hr.employees add foreign key (department_id) references hr.departments,
  add foreign key (manager_id) references hr.employees deferrable initially deferred;
alter table catalog.categories add foreign key (parent_id) references catalog.categories;
alter table catalog.products add foreign key (brand_id) references catalog.brands,
  add foreign key (category_id) references catalog.categories,
  add foreign key (buyer_id) references hr.employees on delete set null;
alter table catalog.product_manuals add foreign key (product_id) references catalog.products on delete cascade;
alter table inventory.warehouses add foreign key (manager_id) references hr.employees;
alter table inventory.stock add foreign key (warehouse_id) references inventory.warehouses,
  add foreign key (product_id) references catalog.products on delete cascade;
alter table sales.order_items add foreign key (product_id) references catalog.products;
\if :partitioned_keys
alter table sales.orders add foreign key (customer_id) references sales.customers,
  add foreign key (handled_by) references hr.employees;
\endif
\if :keys_to_partitioned
alter table sales.order_items add foreign key (order_id, ordered_on) references sales.orders on delete cascade;
alter table sales.payments add foreign key (order_id, ordered_on) references sales.orders;
alter table sales.invoices add foreign key (order_id, ordered_on) references sales.orders;
\endif

-- Views, functions, triggers --------------------------------------------------------------------------------------------------

create view catalog.products_on_sale as
select p.product_id, p.sku, p.name, b.name as brand, p.price, sum(s.quantity) as in_stock
from catalog.products p join catalog.brands b using (brand_id) left join inventory.stock s using (product_id)
where not p.discontinued group by p.product_id, b.name;

create recursive view catalog.category_paths (category_id, path) as
select category_id, name from catalog.categories where parent_id is null
union all
select c.category_id, p.path || ' / ' || c.name
from catalog.categories c join category_paths p on p.category_id = c.parent_id;

create view sales.order_overview with (security_barrier) as
select o.order_id, o.ordered_on, o.status, o.total, c.first_name || ' ' || c.last_name as customer,
       coalesce(o.ship_to, c.address) as ship_to, e.last_name as handled_by
from sales.orders o join sales.customers c using (customer_id) left join hr.employees e on e.employee_id = o.handled_by;

create materialized view sales.monthly_revenue as
select date_trunc('month', i.ordered_on::timestamp)::date as month, p.category_id, count(distinct i.order_id) as orders,
       sum(i.quantity * i.unit_price) as revenue
from sales.order_items i join catalog.products p using (product_id) group by 1, 2;
create unique index on sales.monthly_revenue (month, category_id);

create function sales.order_total(the_order bigint) returns numeric language sql stable as
$$ select coalesce(sum(quantity * unit_price), 0) from sales.order_items where order_id = the_order $$;

create function catalog.price_on(product bigint, day date) returns numeric language plpgsql stable as $$
declare
  price numeric;
begin
  select p.price into price from catalog.products p where p.product_id = product;
  select round(price * (1 - discount), 2) into price from catalog.promotions where period @> day
    union all select price limit 1;
  return price;
end $$;

create function sales.customer_label(c sales.customers) returns text language sql immutable as
$$ select c.last_name || ', ' || c.first_name || ' <' || c.email || '>' $$;

create function catalog.touch() returns trigger language plpgsql as $$
begin
  if new.updated_at = old.updated_at then
    new.updated_at := now();
  end if;
  return new;
end $$;

create function audit.record_change() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into audit.changes (changed_on, changed_at, relation, operation, row_key, before, after)
  values (new.updated_at::date, new.updated_at, tg_table_schema || '.' || tg_table_name, left(tg_op, 1), new.product_id,
          to_jsonb(old) - 'description' - 'thumbnail', to_jsonb(new) - 'description' - 'thumbnail');
  return null;
end $$;

create trigger touch before update on catalog.products for each row execute procedure catalog.touch();
create trigger touch before update on sales.customers for each row execute procedure catalog.touch();
create trigger record_change after update of price, discontinued on catalog.products
  for each row when (old.* is distinct from new.*) execute procedure audit.record_change();

update catalog.products set price = price + 1, updated_at = timestamptz '2025-12-30 09:00+00' where product_id % 50 = 1;

-- Comments, grants ----------------------------------------------------------------------------------------------------------------

comment on schema sales is 'Customers, orders, payments';
comment on table sales.orders is 'One row per order, partitioned by month of ordered_on';
comment on column sales.orders.ship_to is 'Null: the customer''s own address';
comment on column catalog.products.attributes is 'What differs by kind of product; see "colour", "size_cm"';
comment on function catalog.price_on(bigint, date) is 'The price on a day, less the promotion of that day';
comment on type sales.order_status is 'In the order in which an order passes through them';
comment on index sales.customers_by_email is 'Nobody registers twice';

-- Roles belong to the whole server and may be there already, or may not be ours to make.
do $$
begin
  if not exists (select from pg_roles where rolname = 'shop_reader') then
    create role shop_reader nologin;
  end if;
  grant usage on schema sales, catalog, inventory to shop_reader;
  grant select on all tables in schema sales, catalog, inventory to shop_reader;
  grant select (employee_id, first_name, last_name) on hr.employees to shop_reader;
  grant execute on function catalog.price_on(bigint, date) to shop_reader;
  grant select on large object 900001 to shop_reader;
  alter default privileges in schema sales grant select on tables to shop_reader;
exception when insufficient_privilege then
  raise warning 'not allowed to create the role shop_reader: its grants are left out';
end $$;
revoke execute on function audit.record_change() from public;

commit;
set client_min_messages = error; -- it says which catalogs are not ours to analyze
analyze;
\pset footer off
select n.nspname as schema, count(*) filter (where c.relkind in ('r', 'm')) as tables,
       sum(c.reltuples) filter (where c.relkind in ('r', 'm'))::bigint as rows,
       pg_size_pretty(sum(pg_total_relation_size(c.oid)) filter (where c.relkind in ('r', 'm'))) as size
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('hr', 'catalog', 'inventory', 'sales', 'audit') group by 1 order by 1;
select current_database() as database, pg_size_pretty(pg_database_size(current_database())) as total_size,
       (select count(*) from pg_largeobject_metadata) as large_objects;
