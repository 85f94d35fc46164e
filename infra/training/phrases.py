"""What CVs and job ads say whatever the occupation: headings, employers, places, schools, and the sentences that fit anyone."""
MONTHS = 'January February March April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec'.split()
HEADINGS = {
    'summary': (['Summary', 'Professional Summary', 'Profile', 'Career Overview', 'Executive Summary', 'Objective', 'Career Objective', 'Executive Profile',
                 'About me', 'Professional Overview', 'Career Focus', 'Overview', 'Professional Profile'], ['个人简介', '自我评价', '求职意向']),
    'skills': (['Skills', 'Technical Skills', 'Core Competencies', 'Areas of Expertise', 'Additional Skills', 'Key Skills', 'Skill Highlights', 'Qualifications',
                'Computer Skills', 'Core Qualifications', 'Technologies', 'Skills Used'], ['技能', '专业技能', '技能特长']),
    'highlights': (['Highlights', 'Accomplishments', 'Core Accomplishments', 'Selected Achievements', 'Achievements', 'Areas of Focus'], ['主要成就', '业绩']),
    'experience': (['Experience', 'Work Experience', 'Professional Experience', 'Work History', 'Employment History', 'Relevant Experience', 'Career History',
                    'Employment'], ['工作经历', '工作经验', '职业经历']),
    'education': (['Education', 'Education and Training', 'Academic Background', 'Education and Certifications', 'Training'], ['教育背景', '教育经历', '学历']),
    'about': (['About us', 'Who we are', 'Company Description', 'The role', 'Job Summary', 'Overview', 'Description', 'Job Description'], ['公司简介', '职位描述']),
    'responsibilities': (['Responsibilities', 'What you will do', 'Your tasks', 'Duties', 'Key Responsibilities', 'Essential Duties and Responsibilities',
                          "What You'll Do", 'Job Duties', 'Your role'], ['岗位职责', '工作内容']),
    'requirements': (['Requirements', 'Qualifications', 'What we expect', 'Your profile', 'Minimum Qualifications', 'Required Skills', 'Who you are',
                      'Preferred Qualifications', 'What you bring', 'Basic Qualifications', 'Skills and Experience'], ['任职要求', '职位要求']),
    'benefits': (['Benefits', 'What we offer', 'Perks', 'Why join us', 'Compensation', 'Equal Opportunity'], ['福利待遇', '我们提供']),
}
EMPLOYERS = ('Northfield Partners|Blue Harbor Group|Summit Services Inc.|Acorn & Sons|Lakeside Corporation|Meridian LLC|Pioneer Industries|Redwood Holdings|'
             'Evergreen Associates|Sterling Solutions|Crestview Company|Bright Path|Union Works|Harbor Point|Delta Resources|Atlas International|Maple Leaf Co.|'
             'Keystone Enterprises|First City|Grand Avenue|Riverside|St. Mary\'s|County of Westbrook|State Department|City of Fairview|US Army|Self-employed').split('|')
PLACES = ('New York, NY|Chicago, IL|Houston, TX|Los Angeles, CA|Atlanta, GA|Denver, CO|Seattle, WA|Boston, MA|Miami, FL|Phoenix, AZ|London|Berlin|Toronto|Dublin|'
          'Sydney|Singapore|Mumbai|Shanghai|Beijing|Manchester|Dallas, Texas|San Francisco|Remote|Columbus, Ohio|City , State').split('|')
SCHOOLS = ('State University|University of Westbrook|Community College|City College|Northern University|Technical Institute|University of California|'
           'Harbor University|Central High School|Open University|University Name|Institute of Technology|Lakeside College').split('|')
DEGREES = ('Bachelor of Science|Bachelor of Arts|Master of Science|MBA|Associate of Science|Certificate|Bachelor of Business Administration|Master of Arts|'
           'Diploma|B.S.|B.A.|M.S.|Associate of Arts|Bachelors|Some College|PhD').split('|')
FIELDS = {
    '11': ['Business Administration', 'Management', 'Marketing', 'Economics'], '13': ['Accounting', 'Finance', 'Business Administration', 'Human Resources', 'Economics'],
    '15': ['Computer Science', 'Information Technology', 'Software Engineering', 'Information Systems', 'Mathematics', 'Statistics'],
    '17': ['Mechanical Engineering', 'Civil Engineering', 'Electrical Engineering', 'Engineering', 'Architecture'],
    '19': ['Biology', 'Chemistry', 'Physics', 'Environmental Science', 'Psychology'], '21': ['Social Work', 'Psychology', 'Counseling', 'Theology'],
    '23': ['Law', 'Political Science', 'Legal Studies'], '25': ['Education', 'Elementary Education', 'English', 'History', 'Special Education'],
    '27': ['Graphic Design', 'Journalism', 'Communications', 'Fine Arts', 'Fashion Design', 'Music', 'Film'],
    '29': ['Nursing', 'Biology', 'Medicine', 'Pharmacy', 'Health Science'], '31': ['Medical Assisting', 'Nursing', 'Health Care'],
    '33': ['Criminal Justice', 'Fire Science'], '35': ['Culinary Arts', 'Hospitality Management'], '39': ['Cosmetology', 'Kinesiology', 'Exercise Science'],
    '41': ['Marketing', 'Business', 'Communications'], '43': ['Business Administration', 'Office Administration', 'General Studies'],
    '45': ['Agriculture', 'Forestry', 'Animal Science'], '47': ['Construction Management', 'Carpentry', 'Building Trades'],
    '49': ['Automotive Technology', 'Electronics', 'Aviation Maintenance'], '51': ['Manufacturing', 'Industrial Technology'],
    '53': ['Aviation', 'Logistics', 'Aeronautical Science'], '': ['Business Administration', 'General Studies', 'Liberal Arts', 'Communications', 'Science'],
}
ABOUT_ANYONE = (
    'Highly motivated {title} with {years} years of experience.|Dedicated {title} with excellent communication skills and a strong work ethic.|'
    'Seeking a challenging position where I can use my skills and experience.|Detail-oriented and organized, with the ability to work under pressure.|'
    'Results-driven {title} with a proven track record of success.|Team player who works well with people at all levels.|'
    'Over {years} years of progressive experience in a fast-paced environment.|Committed to excellence and continuous improvement.|'
    'Energetic, reliable and hard working individual who is able to learn quickly.|To obtain a position with a growing company that offers room for advancement.|'
    'Known for strong leadership, problem solving and interpersonal skills.|Experienced {title} with strong analytical skills and attention to detail.|'
    'I am a self-starter who takes initiative and meets deadlines.|Able to adapt to changing priorities and handle multiple projects at once.|'
    'Accomplished {title} offering {years}+ years of expertise.|Excellent verbal and written communication skills.|Bilingual in English and Spanish.|'
    'Strong ability to build relationships with clients, colleagues and management.|Passionate about what I do and eager to learn.|'
    'Dynamic professional who consistently exceeds goals and expectations.|Dependable {title} who is flexible and honest.|References available upon request.').split('|')
ANY_DUTY = (
    'Worked closely with the team to achieve company goals|Answered phones and responded to emails|Trained and mentored new employees|'
    'Prepared weekly and monthly reports for management|Attended meetings and training sessions|Received employee of the month award|'
    'Maintained a clean and safe work environment|Provided excellent customer service|Ensured compliance with company policies and procedures|'
    'Increased efficiency by {n}%|Reduced costs and improved processes|Managed a team of employees|Assisted with other duties as assigned|'
    'Communicated effectively with clients and staff|Consistently met deadlines and exceeded targets|Handled confidential information|'
    'Supervised daily operations|Responsible for scheduling and coordination|Promoted within the first year|Performed data entry and filing|'
    'Resolved customer complaints in a timely manner|Coordinated with other departments|Participated in special projects|Kept accurate records|'
    'Developed and implemented new procedures|Built strong relationships with customers|Completed tasks on time and within budget').replace('{n}', '20').split('|')
ANY_SKILL = (
    'Microsoft Office|MS Word|Excel|PowerPoint|Outlook|communication skills|customer service|leadership|team player|problem solving|time management|'
    'attention to detail|organized|multi-tasking|interpersonal skills|typing|data entry|scheduling|training|fast learner|Spanish|English|meetings|filing|'
    'reports|policies|managing|written communication|budget|strategic planning|quality|progress|phone|self-motivated|flexible|decision making|presentations').split('|')
ABOUT_EMPLOYER = (
    'We are looking for a {title} to join our team.|{employer} is a leading company in its field with offices in {place}.|Join a fast-growing company that values its people.|'
    'Our client is seeking an experienced {title} for a full-time position.|At {employer}, we believe in innovation, integrity and teamwork.|'
    'This is an exciting opportunity to make an impact.|The {title} reports to the manager and works with a dedicated team.|Location: {place}.|Full-time, hybrid.|'
    'Founded in 1998, {employer} has grown to more than 500 employees.|We offer a friendly, diverse and inclusive workplace.|As a {title} you will be part of a great team.|'
    'Our mission is to make a difference for our customers every day.|{employer} is hiring!').split('|')
WANTED_ANYWHERE = (
    '{years}+ years of experience|Bachelor\'s degree in {field} or equivalent|High school diploma or GED|Excellent communication skills|Ability to work in a team|'
    'Strong attention to detail|Able to work independently|Proficient in Microsoft Office|Valid driver\'s license|Willing to travel|Fluent in English|'
    'Self-motivated with a positive attitude|Strong organizational skills|Ability to lift 50 pounds|Must be authorized to work in the United States|'
    'Ability to work in a fast-paced environment|Degree in {field} preferred|Problem-solving mindset|Flexible schedule including weekends|'
    'At least {years} years in a similar role|Background check required').split('|')
BENEFITS = (
    'Competitive salary and benefits.|Health, dental and vision insurance.|401(k) with company match.|Paid time off and holidays.|Flexible working hours.|'
    'We are an equal opportunity employer.|All qualified applicants will receive consideration for employment without regard to race, color, religion, sex or national origin.|'
    'Opportunities for growth and training.|Salary range: $50,000 - $90,000 per year.|Remote work possible.|Apply now with your resume.').split('|')
