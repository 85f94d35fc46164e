"""The sentences that generate.py composes the sample CVs and jobs from. Written for this project."""

ENGLISH = [
    {
        "slug": "backend-engineer", "employer": "Software",
        "titles": ["Software Engineer", "Backend Engineer", "Principal Backend Engineer"],
        "summaries": [
            "Backend engineer with {years} years of building payment and logistics services in C# and .NET.",
            "Engineer who likes boring technology: PostgreSQL, .NET and careful tests, {years} years in production systems.",
            "{years} years of server-side development, from monoliths to message-driven services on Linux.",
        ],
        "bullets": [
            "Designed REST APIs in C# and ASP.NET Core that serve 3,000 requests per second at a p99 of 40 ms.",
            "Moved a 2 TB PostgreSQL database to declarative partitioning with no downtime for customers.",
            "Replaced nightly batch imports by an event-driven pipeline on RabbitMQ with idempotent consumers.",
            "Introduced integration tests against a real database, which cut regressions reaching production by half.",
            "Profiled and rewrote the hottest query path, lowering the database's CPU load from 80% to 35%.",
            "Ran services on Kubernetes with Helm charts, health probes and rolling deployments.",
            "Set up OpenTelemetry tracing and dashboards that the on-call engineers use every week.",
            "Mentored four junior developers through pairing and code review.",
            "Built the continuous integration pipeline in GitHub Actions, from restore to signed container images.",
            "Wrote the OAuth 2.0 and OpenID Connect login shared by six products.",
            "Led the split of a monolith into services along team boundaries over eighteen months.",
            "Kept a Redis cache consistent with the database through change data capture.",
            "Took part in an on-call rota and wrote the post-incident reviews.",
        ],
        "skills": ["C#", ".NET", "ASP.NET Core", "PostgreSQL", "SQL", "Docker", "Kubernetes", "RabbitMQ", "Redis", "Git", "Linux", "REST API design",
                   "OpenTelemetry", "Unit testing", "Terraform"],
        "degrees": ["BSc Computer Science", "MSc Software Engineering", "BEng Information Systems"],
        "extra": ["Certified Kubernetes Application Developer. English (native), German (B2).", "English (fluent), Polish (native).",
                  "Speaker at two regional .NET user groups."],
    },
    {
        "slug": "data-scientist", "employer": "Analytics",
        "titles": ["Junior Data Scientist", "Data Scientist", "Lead Data Scientist"],
        "summaries": [
            "Data scientist with {years} years in retail demand forecasting and customer analytics.",
            "Statistician turned data scientist; {years} years of turning messy data into decisions.",
            "{years} years of applied machine learning, from experiment design to models in production.",
        ],
        "bullets": [
            "Built gradient-boosted demand forecasts for 12,000 products, lowering stock-outs by 18%.",
            "Designed and read A/B tests with sequential analysis for the pricing team.",
            "Trained text classifiers in PyTorch that route 40,000 support tickets a month.",
            "Wrote feature pipelines in Python and Spark over four billion click events.",
            "Presented churn drivers to the board with uncertainty told plainly.",
            "Deployed models behind a REST service with monitoring for drift.",
            "Used Bayesian hierarchical models in Stan to estimate regional price elasticity.",
            "Cut model training time from nine hours to forty minutes by better data formats and sampling.",
            "Introduced reproducible notebooks, code review and data versioning to a team of seven.",
            "Built a recommender with matrix factorisation that raised basket size by 6%.",
            "Cleaned and joined survey, loyalty and web data with SQL and dbt.",
            "Taught an internal statistics course for product managers.",
        ],
        "skills": ["Python", "pandas", "scikit-learn", "PyTorch", "SQL", "Spark", "Statistics", "Experiment design", "Forecasting", "dbt", "R", "Data visualisation",
                   "Machine learning"],
        "degrees": ["MSc Statistics", "PhD Applied Mathematics", "MSc Data Science"],
        "extra": ["English (fluent), French (C1).", "Two peer-reviewed papers on hierarchical forecasting.", "Cloud machine learning certificate. English (native)."],
    },
    {
        "slug": "nurse", "employer": "Hospital",
        "titles": ["Staff Nurse", "Registered Nurse", "Charge Nurse, Intensive Care"],
        "summaries": [
            "Registered nurse with {years} years in adult intensive care and step-down units.",
            "Calm, patient-centred nurse; {years} years across emergency and critical care.",
            "{years} years of bedside nursing, with a focus on ventilated patients and family communication.",
        ],
        "bullets": [
            "Cared for two ventilated intensive care patients a shift, including arterial lines and vasopressor titration.",
            "Assessed patients on admission, wrote care plans and evaluated them every shift.",
            "Gave medication safely by mouth, injection and infusion, with double checks for high-risk drugs.",
            "Recognised early signs of sepsis and started the bundle within the first hour.",
            "Coordinated discharge with physiotherapists, social workers and families.",
            "Trained new graduates as preceptor during their first six months.",
            "Led the ward's hand hygiene project, raising compliance from 71% to 94%.",
            "Documented care in the electronic health record to audit standard.",
            "Triaged up to sixty emergency patients a shift with a five-level scale.",
            "Held Advanced Life Support certification and answered resuscitation calls.",
            "Operated continuous renal replacement therapy and solved common alarms.",
            "Supported relatives in end-of-life conversations together with the palliative team.",
        ],
        "skills": ["Intensive care", "Ventilator care", "Triage", "Medication administration", "Wound care", "Patient assessment", "Care planning",
                   "Electronic health records", "Infection control", "Advanced Life Support", "Family communication", "Preceptorship"],
        "degrees": ["BSc Nursing", "Diploma in Adult Nursing", "Postgraduate Certificate in Critical Care"],
        "extra": ["Advanced Life Support provider, valid. English (native).", "Registered adult nurse. English (fluent), Tagalog (native).",
                  "Immediate Life Support instructor."],
    },
    {
        "slug": "accountant", "employer": "Partners",
        "titles": ["Accounts Assistant", "Management Accountant", "Financial Controller"],
        "summaries": [
            "Accountant with {years} years in month-end close, consolidation and statutory reporting.",
            "Chartered accountant, {years} years between audit practice and manufacturing finance.",
            "Finance professional with {years} years of clean ledgers and earlier closes.",
        ],
        "bullets": [
            "Closed the books of five entities within four working days each month.",
            "Prepared IFRS consolidated statements and dealt with the external auditors.",
            "Reconciled bank, intercompany and balance sheet accounts and cleared old items.",
            "Built the annual budget and rolling forecast with department heads.",
            "Filed VAT and corporation tax returns on time for eight years.",
            "Introduced automated invoice matching, cutting processing time by 60%.",
            "Ran accounts payable and receivable for 1,400 suppliers and customers.",
            "Wrote variance analysis that explained margins by product and plant.",
            "Moved the general ledger from spreadsheets to an ERP system in six months.",
            "Managed a team of four accountants and two trainees.",
            "Strengthened internal controls over payments after a risk review.",
            "Prepared cash flow forecasts for the bank every week.",
        ],
        "skills": ["IFRS", "Month-end close", "Consolidation", "Budgeting", "Variance analysis", "VAT returns", "Excel", "ERP systems", "Internal controls",
                   "Accounts payable", "Accounts receivable", "Cash flow forecasting", "Audit"],
        "degrees": ["BA Accounting and Finance", "BSc Economics", "MSc Accounting"],
        "extra": ["Chartered accountant (ACCA). English (native).", "Part-qualified CIMA. English, Spanish (B2).", "ACCA affiliate. English (fluent), Romanian (native)."],
    },
    {
        "slug": "mechanical-engineer", "employer": "Engineering",
        "titles": ["Graduate Mechanical Engineer", "Mechanical Design Engineer", "Senior Mechanical Engineer"],
        "summaries": [
            "Mechanical engineer with {years} years of designing pumps and rotating equipment.",
            "Design engineer, {years} years from concept sketch to series production.",
            "{years} years in product development with a habit of testing early.",
        ],
        "bullets": [
            "Designed pump housings in SolidWorks and released drawings with full tolerancing.",
            "Ran finite element analysis of fatigue and validated it with strain gauges.",
            "Lowered the unit cost of a gearbox by 14% through design for manufacture.",
            "Led failure mode and effects analysis for a new compressor.",
            "Specified bearings, seals and materials for corrosive service.",
            "Commissioned test rigs and wrote the acceptance procedures.",
            "Worked with foundries and machine shops on first article inspection.",
            "Simulated cooling flow with CFD and cut peak temperature by 11 degrees.",
            "Kept assemblies under revision control in a PDM system.",
            "Solved a resonance problem in the field by modal testing.",
            "Supervised two technicians and one graduate engineer.",
        ],
        "skills": ["SolidWorks", "Finite element analysis", "CFD", "GD&T", "Materials selection", "FMEA", "Test rigs", "MATLAB", "Project planning",
                   "Design for manufacture", "Vibration analysis", "Pumps"],
        "degrees": ["BEng Mechanical Engineering", "MEng Mechanical Engineering"],
        "extra": ["Chartered engineer. English (native).", "Six Sigma green belt. English, Italian (B1)."],
    },
    {
        "slug": "teacher", "employer": "Academy",
        "titles": ["Teacher of Mathematics", "Mathematics Teacher and Form Tutor", "Head of Mathematics"],
        "summaries": [
            "Mathematics teacher with {years} years in mixed secondary schools.",
            "Teacher who believes every pupil can reason; {years} years, ages eleven to eighteen.",
            "{years} years of classroom teaching and pastoral care.",
        ],
        "bullets": [
            "Planned and taught mathematics to classes of thirty, ages eleven to sixteen.",
            "Raised the share of pupils reaching the expected grade from 58% to 73% in three years.",
            "Wrote a scheme of work around problem solving and retrieval practice.",
            "Ran the after-school club that entered two national competitions.",
            "Differentiated lessons for pupils with special educational needs.",
            "Met parents and carers, and wrote reports each term.",
            "Mentored trainee teachers through their qualifying year.",
            "Used assessment data to form small catch-up groups.",
            "Managed behaviour calmly with clear routines.",
            "Led a department of six and its budget.",
        ],
        "skills": ["Lesson planning", "Classroom management", "Assessment", "Curriculum design", "Special educational needs", "Mentoring", "Mathematics",
                   "Safeguarding", "Parent communication", "GeoGebra"],
        "degrees": ["BSc Mathematics with PGCE", "BEd Secondary Mathematics"],
        "extra": ["Qualified teacher status. English (native), Welsh (B2).", "First aid at school. English (native)."],
    },
    {
        "slug": "chef", "employer": "Kitchen",
        "titles": ["Commis Chef", "Chef de Partie", "Head Chef"],
        "summaries": [
            "Chef with {years} years in busy brasseries and a small hotel.",
            "{years} years in professional kitchens, happiest on the fish section.",
            "Cook who writes seasonal menus to a margin; {years} years of service.",
        ],
        "bullets": [
            "Ran the fish section for 140 covers a night.",
            "Wrote seasonal menus with a food cost of 28%.",
            "Trained five commis chefs in knife work and sauces.",
            "Kept food safety records and passed three inspections with the top score.",
            "Ordered from local growers and cut waste by a third.",
            "Led a brigade of nine through two Christmas seasons.",
            "Baked bread and pastry daily from scratch.",
            "Catered weddings for up to 220 guests.",
            "Designed allergen procedures for kitchen and waiting staff.",
            "Opened a new site: layout, equipment, hiring and menu.",
        ],
        "skills": ["Menu planning", "Food safety", "Stock control", "Fish and seafood", "Pastry", "Team leadership", "Allergen control", "Costing", "Butchery", "Catering"],
        "degrees": ["Diploma in Professional Cookery", "Certificate in Culinary Arts"],
        "extra": ["Level 3 food safety. English, Portuguese (native).", "Wine certificate level 2. English (native)."],
    },
    {
        "slug": "sales-manager", "employer": "Trading",
        "titles": ["Sales Executive", "Account Manager", "Regional Sales Manager"],
        "summaries": [
            "Sales manager with {years} years in industrial supplies and long account relationships.",
            "{years} years of business-to-business selling, from cold call to framework contract.",
            "Commercial manager, {years} years of growing territories.",
        ],
        "bullets": [
            "Grew the northern territory from 1.2 to 2.9 million in annual revenue.",
            "Negotiated a three-year framework contract with a national builder.",
            "Coached eight sales executives and ran weekly pipeline reviews.",
            "Opened 45 new accounts in a year through referrals and trade fairs.",
            "Cleaned the CRM and introduced forecast stages the team trusts.",
            "Presented product training to distributors in four countries.",
            "Recovered two lost key accounts by fixing delivery problems first.",
            "Set prices and discounts with finance to protect margin.",
            "Wrote bids and tenders with a success rate of 38%.",
            "Planned the annual sales conference and targets.",
        ],
        "skills": ["Negotiation", "Key account management", "CRM", "Forecasting", "Pipeline management", "Presentations", "Tender writing", "Coaching", "Pricing", "Trade fairs"],
        "degrees": ["BA Business Administration", "HND Business and Marketing"],
        "extra": ["Full driving licence. English (native), Dutch (B1).", "English (fluent), Turkish (native)."],
    },
    {
        "slug": "hr-specialist", "employer": "Group",
        "titles": ["HR Assistant", "HR Generalist", "HR Business Partner"],
        "summaries": [
            "HR generalist with {years} years across recruitment, employee relations and payroll.",
            "People professional, {years} years in logistics and care providers.",
            "{years} years of practical human resources work with line managers.",
        ],
        "bullets": [
            "Filled 120 vacancies a year and brought time to hire down to 31 days.",
            "Advised managers on grievance, absence and performance cases.",
            "Ran monthly payroll input for 600 employees without a missed deadline.",
            "Rewrote the onboarding programme, lowering first-year turnover by 9 points.",
            "Introduced a fair pay framework with job evaluation.",
            "Organised apprenticeships with two local colleges.",
            "Kept personnel files and data protection records in order.",
            "Facilitated works council meetings and a collective agreement.",
            "Trained interviewers in structured selection.",
            "Led a survey on engagement and its action plan.",
        ],
        "skills": ["Recruitment", "Employee relations", "Payroll", "Onboarding", "Employment law", "Job evaluation", "HR information systems", "Training", "Mediation", "Absence management"],
        "degrees": ["BA Human Resource Management", "BSc Psychology"],
        "extra": ["CIPD level 5. English (native).", "Accredited mediator. English, Hindi (native)."],
    },
]

CHINESE = [
    {
        "slug": "backend-engineer", "names": ["闻知远", "陆听澜", "秦望舒"], "towns": ["云溪市", "江临市", "海棠市"],
        "titles": ["后端开发工程师", "高级后端工程师"], "employers": ["青岚软件有限公司", "星渡科技有限公司"], "degree": "计算机科学与技术 学士", "school": "云溪理工大学",
        "summaries": ["{years}年后端开发经验,熟悉C#、.NET与PostgreSQL,重视测试与可观测性。", "{years}年分布式系统开发经验,负责过高并发订单与支付服务。"],
        "bullets": ["使用C#和ASP.NET Core设计订单接口,峰值每秒三千次请求。", "将PostgreSQL大表改为分区表,查询耗时下降七成。", "用消息队列替换夜间批处理,实现幂等消费。",
                    "搭建持续集成流水线,自动构建并发布容器镜像。", "在Kubernetes上部署微服务,完善健康检查与滚动升级。", "引入链路追踪,平均故障定位时间缩短一半。",
                    "负责代码评审并指导三名初级工程师。", "优化缓存策略,数据库负载降低四成。"],
        "skills": ["C#", ".NET", "PostgreSQL", "Docker", "Kubernetes", "Redis", "消息队列", "接口设计", "单元测试", "Linux"], "extra": "英语六级,可阅读英文技术文档。",
    },
    {
        "slug": "accountant", "names": ["沈若初", "顾清和", "苏念安"], "towns": ["江临市", "云溪市", "松岭市"],
        "titles": ["会计", "财务主管"], "employers": ["禾木会计师事务所", "远山制造有限公司"], "degree": "会计学 学士", "school": "江临财经大学",
        "summaries": ["{years}年财务会计经验,熟悉月结、合并报表与税务申报。", "{years}年制造业财务经验,擅长成本核算与预算管理。"],
        "bullets": ["每月四个工作日内完成五家公司的结账。", "编制合并财务报表并配合外部审计。", "负责增值税与企业所得税申报,无一逾期。", "建立成本核算模型,按产品分析毛利差异。",
                    "推动总账系统上线,取代手工表格。", "编制年度预算与滚动预测。", "核对银行与往来账款,清理长期挂账。", "完善付款审批等内部控制流程。"],
        "skills": ["月结", "合并报表", "成本核算", "预算管理", "税务申报", "Excel", "内部控制", "审计配合", "现金流预测"], "extra": "中级会计师,英语四级。",
    },
    {
        "slug": "nurse", "names": ["叶静姝", "温予宁"], "towns": ["海棠市", "松岭市"],
        "titles": ["注册护士", "重症监护护士"], "employers": ["海棠市第九医院", "松岭康复医院"], "degree": "护理学 学士", "school": "海棠医学院",
        "summaries": ["{years}年临床护理经验,主要在重症监护病房工作。", "{years}年急诊与重症护理经验,沟通耐心细致。"],
        "bullets": ["每班护理两名使用呼吸机的重症患者。", "完成入院评估并制定护理计划。", "严格执行用药核对,无给药差错。", "早期识别脓毒症并及时启动救治流程。",
                    "参与抢救并持有高级生命支持证书。", "带教新入职护士。", "负责病房感染控制,手卫生依从率明显提高。"],
        "skills": ["重症监护", "呼吸机护理", "急诊分诊", "静脉输液", "护理评估", "感染控制", "健康宣教", "电子病历"], "extra": "护士执业证书,高级生命支持证书。",
    },
]

JOBS = {
    "backend-engineer.txt": """Backend Engineer (.NET, PostgreSQL)

Quarry Hill Software builds the booking and payment platform of four hundred small hotels. We are looking for a backend engineer for our
platform team in Eastmere, two days a week from home.

What you will do
- Design and build REST APIs in C# and ASP.NET Core
- Keep our PostgreSQL databases fast: schema design, partitioning, query tuning
- Move batch jobs to event-driven processing with a message queue
- Run what you build: Kubernetes deployments, tracing, on-call one week in six

What you bring
- Several years of professional experience with C# and .NET
- Solid SQL and PostgreSQL knowledge
- Experience with Docker and Kubernetes
- A habit of writing automated tests, including integration tests
- Experience in mentoring junior developers is welcome
- Working knowledge of Rust would be a bonus

We offer a pension, thirty days of holiday and a training budget. We welcome applicants of every background.
""",
    "intensive-care-nurse.md": """# Registered Nurse, Adult Intensive Care

Lumen Valley Hospital is opening four more intensive care beds and is hiring registered nurses for day and night shifts.

## Responsibilities

- Care for ventilated patients, including arterial lines and vasopressor infusions
- Assess patients, write care plans and keep the electronic health record up to date
- Recognise sepsis and deterioration early and escalate
- Support families in difficult conversations
- Teach student nurses and new colleagues

## Requirements

- Registration as an adult nurse
- At least two years in intensive care or emergency nursing
- Advanced Life Support certificate
- Experience with continuous renal replacement therapy
- Good command of English

## We offer

Shift allowances, a staff nursery and paid study leave.
""",
    "financial-controller.html": """<!doctype html>
<html>
<head><meta charset="utf-8"><title>Financial Controller</title></head>
<body>
<h1>Financial Controller</h1>
<p>Copperline Engineering makes pumps for water companies. The financial controller reports to the managing director and leads a team of four.</p>
<h2>Your tasks</h2>
<ul>
<li>Own the month-end close and the consolidation of five entities</li>
<li>Prepare IFRS statements and work with the external auditors</li>
<li>Lead budgeting, rolling forecasts and variance analysis</li>
<li>Improve internal controls and automate invoice processing</li>
<li>Oversee VAT and corporation tax returns</li>
</ul>
<h2>Your profile</h2>
<ul>
<li>Qualified accountant (ACCA, CIMA or similar)</li>
<li>At least five years in finance, ideally in manufacturing</li>
<li>Experience of introducing an ERP system</li>
<li>Experience in leading a small team</li>
<li>Advanced Excel</li>
</ul>
<p>Port Callow, office three days a week.</p>
</body>
</html>
""",
}
